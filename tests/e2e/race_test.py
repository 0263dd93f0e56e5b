#!/usr/bin/python3
"""Programs that want the same thing at once: one of them gets it, and the others are told."""

import pathlib
import shutil
import unittest

import chance
import programs
import target
from programs import Server
from registrar import RECOGNISED, REGISTERED, Registrar

NOT_STARTED = 1  # The exit code, as tools/piperpcd/README.md has it.
SERVES = 'READY '
ALL_WRONG_PASSWORDS = 600  # Seconds; see below.

# A program begins when its standard input has a line.
_AT_A_LINE = ['sh', '-c', 'read -r _; exec "$0" "$@"']


class StartRaceTest(unittest.TestCase):

  def test_of_many_starts_at_once_one_serves_and_the_others_end_and_say_why(self):
    folder = pathlib.Path(programs.new_folder())
    self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
    starts = [self.waiting_start(folder) for _ in range(10 if target.WINDOWS else 50)]
    for start in starts:
      start.write('')
    owners = [start for start in starts if SERVES in (start.out.next() or '')]
    self.assertEqual(len(owners), 1)
    for start in starts:
      if start is not owners[0]:
        self.assertEqual(start.finish(), NOT_STARTED, start.err.seen)
        self.assertIn('piperpcd: a server is already running at ', start.err.seen[-1])
    self.assertIsNone(owners[0].process.poll())

  def waiting_start(self, folder):
    start = programs.Process([*_AT_A_LINE, *programs.server_command(folder)], target.environment())
    self.addCleanup(start.discard)
    return start


class RegistrationRaceTest(unittest.TestCase):
  """After each wrong password a server waits longer: for 64 clients it takes minutes.

  tests/services/registration_race_test.cc has 64 in an instant, without that wait.
  """

  def test_of_many_clients_that_register_a_name_one_wins_also_after_a_restart(self):
    self.race(servers=1, clients=64 if chance.LONG else 5)

  def test_of_many_clients_of_servers_with_one_folder_one_wins_also_after_a_restart(self):
    self.race(servers=4, clients=64 if chance.LONG else 8)

  def race(self, servers, clients):
    folders = [pathlib.Path(programs.new_folder()) for _ in range(servers)]
    self.addCleanup(lambda: [shutil.rmtree(folder, ignore_errors=True) for folder in folders])
    running = self.start_all(folders)
    registrars = [self.registrar(running[i % servers]) for i in range(clients)]
    for i, registrar in enumerate(registrars):
      registrar.register('ana', password_of(i))
    winner = self.only_one_with(REGISTERED, registrars)

    for server in running:
      self.assertEqual(server.stop(), 0)
    self.start_all(folders)
    for i, registrar in enumerate(registrars):
      registrar.log_in('ana', password_of(i))
    self.assertEqual(self.only_one_with(RECOGNISED, registrars), winner)

  def start_all(self, folders):
    data = target.path(folders[0] / 'data')
    servers = [Server('--data-dir', data, folder=folder) for folder in folders]
    for server in servers:
      self.addCleanup(server.discard)
    return servers

  def registrar(self, server):
    registrar = Registrar(server, '--timeout', '10m')
    self.addCleanup(registrar.discard)
    return registrar.connect()

  def only_one_with(self, expected, registrars):
    """Who has that answer. The others were told that the password is wrong."""
    answers = [registrar.answer(ALL_WRONG_PASSWORDS) for registrar in registrars]
    self.assertEqual(answers.count(expected), 1, answers)
    others = [answer for answer in answers if answer != expected]
    self.assertEqual([answer for answer in others if 'wrong password' not in answer], [])
    return answers.index(expected)


def password_of(client):
  return f'secret-of-{client}'


if __name__ == '__main__':
  unittest.main()
