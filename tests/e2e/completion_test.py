#!/usr/bin/python3
"""Completion of the command line in bash: what a Tab would offer."""

import pathlib
import shlex
import subprocess
import unittest

import target
from programs import LIMIT, Server

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / 'tools/piperpc/completion/piperpc.bash'


class CompletionTest(unittest.TestCase):

  @classmethod
  def setUpClass(cls):
    cls.server = Server('--memory')

  @classmethod
  def tearDownClass(cls):
    cls.server.stop()
    cls.server.remove()

  def offers(self, *words, program=None, **env):
    """For the last word, which is being typed. `program`: in the place of piperpc."""
    called = shlex.join([program] if program else target.PIPERPC)
    program = f'piperpc() {{ {called} "$@"; }}'
    typed = shlex.join(('piperpc', *words))
    script = f'''{program}
. {shlex.quote(str(SCRIPT))}
COMP_WORDS=({typed}) COMP_CWORD={len(words)}
_piperpc
printf '%s\\n' "${{COMPREPLY[@]}}"'''
    result = subprocess.run(['bash', '-uc', script], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            text=True, timeout=LIMIT, env=self.server.environment(**env),
                            check=False)
    self.assertEqual(result.stderr, '')
    return result.stdout.split()

  def test_commands(self):
    self.assertEqual(self.offers('se'), ['session'])
    self.assertIn('call', self.offers(''))
    self.assertEqual(self.offers('help', 'w'), ['wait'])

  def test_flags_and_their_values(self):
    self.assertEqual(self.offers('--pass'), ['--password-file'])
    self.assertEqual(self.offers('call', '--backend', 'ep'), ['epoll'])
    self.assertEqual(self.offers('--timeout', ''), [])

  def test_methods_of_the_server(self):
    self.assertEqual(self.offers('call', 'auth.v1.AuthService/Log'),
                     ['auth.v1.AuthService/Login', 'auth.v1.AuthService/Logout'])
    self.assertEqual(self.offers('--timeout', '5s', 'call', 'upper.v1.UpperService/UppercaseL'),
                     ['upper.v1.UpperService/UppercaseLines'])

  def test_services_of_the_server(self):
    self.assertEqual(self.offers('describe', 'notify'), ['notify.v1.NotifyService'])
    self.assertEqual(self.offers('wait', 'upper'), ['upper.v1.UpperService'])

  def test_what_is_no_name_of_a_server_is_not_expanded(self):
    hostile = self.server.folder / 'hostile'
    hostile.write_text('#!/bin/sh\necho \'$(touch\x24{IFS}"$0.was-run")\'\necho a.v1.Good\n',
                       encoding='utf-8')
    hostile.chmod(0o755)
    self.assertEqual(self.offers('describe', '', program=str(hostile)), ['a.v1.Good'])
    self.assertFalse(hostile.with_name('hostile.was-run').exists())

  def test_files(self):
    self.assertEqual(self.offers('call', 'X/Y', f'@{SCRIPT.parent}/pipe'), [f'@{SCRIPT}'])
    self.assertEqual(self.offers('--password-file', f'{SCRIPT.parent}/pipe'), [str(SCRIPT)])

  def test_a_server_that_is_not_there_offers_nothing(self):
    self.assertEqual(self.offers('--endpoint', '/nowhere/x', 'call', ''), [])


if __name__ == '__main__':
  unittest.main()
