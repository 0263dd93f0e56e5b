#!/usr/bin/python3
"""The client that was written from PROTOCOL.md alone, against the real server on each backend."""

import pathlib
import subprocess
import sys
import unittest

import programs

CLIENT = pathlib.Path(__file__).with_name('protocol_client.py')


class OtherLanguageTest(unittest.TestCase):

  def talk(self, backend):
    server = programs.Server('--memory', '--backend', backend)
    self.addCleanup(server.remove)
    client = subprocess.run([sys.executable, '-B', CLIENT, server.endpoint], capture_output=True,
                            text=True, timeout=240, check=False)
    self.assertEqual(client.returncode, 0, client.stdout + client.stderr)
    self.assertEqual(server.stop(), 0)

  def test_it_logs_in_uppercases_and_subscribes(self):
    self.talk('auto')

  def test_it_does_so_on_epoll(self):
    self.talk('epoll')


if __name__ == '__main__':
  unittest.main()
