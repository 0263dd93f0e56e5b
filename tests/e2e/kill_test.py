#!/usr/bin/python3
"""What is left of a piperpcd that was killed, and how the next one starts."""

import contextlib
import pathlib
import subprocess
import time
import unittest

import chance
import programs
import target
from programs import Server
from registrar import RECOGNISED, REGISTERED, Registrar


def password_of(user):
  return f'secret-of-{user}'


class Daemon:
  """A piperpcd that is killed and started again, with the same endpoint and accounts."""

  def __init__(self, *flags):
    self._flags = flags
    self.server = Server(*flags)

  def restart(self):
    """Kills it, and starts the next one right after its death."""
    killed = self.server
    killed.process.kill()
    killed.process.wait()
    self.server = Server(*self._flags, folder=killed.folder)
    killed.discard()

  def remove(self):
    self.server.remove()


class KillTest(unittest.TestCase):

  def daemon(self, *flags):
    daemon = Daemon(*flags)
    self.addCleanup(daemon.remove)
    return daemon

  def registrar(self, server, *flags):
    registrar = Registrar(server, *flags)
    self.addCleanup(registrar.discard)
    return registrar.connect()


class RegistrationKillTest(KillTest):

  def test_no_acknowledged_account_is_lost_and_the_next_start_needs_no_help(self):
    numbers = chance.numbers()
    daemon = self.daemon()
    registrars = [self.registrar(daemon.server) for _ in range(3)]
    longest = len(registrars) * self.time_of_a_registration(registrars[0])
    kills = chance.times(50, 1000)
    acknowledged = []
    for kill in range(kills):
      users = {registrar: f'user{kill}.{i}' for i, registrar in enumerate(registrars)}
      until = numbers.choice(registrars), numbers.uniform(0, longest)
      acknowledged += self.kill_while_registering(daemon, users, *until)
    self.assert_all_log_in(registrars[0], acknowledged)
    print(f'{kills} kills; {len(acknowledged)} accounts were acknowledged, and all are there')

  def time_of_a_registration(self, registrar):
    begin = time.monotonic()
    registrar.register('first', password_of('first'))
    self.assertEqual(registrar.answer(), REGISTERED)
    return time.monotonic() - begin

  def kill_while_registering(self, daemon, users, awaited, longest):
    """The users who were acknowledged. The kill comes right after the awaited answer, or before."""
    for registrar, user in users.items():
      registrar.register(user, password_of(user))
    answers = {awaited: awaited.answer(longest)}
    daemon.restart()
    for registrar, user in users.items():
      answers[registrar] = answers.get(registrar) or registrar.answer()
      self.assertRegex(answers[registrar], f'{REGISTERED}|UNAVAILABLE', user)
    return [user for registrar, user in users.items() if answers[registrar] == REGISTERED]

  def assert_all_log_in(self, registrar, users):
    self.assertNotEqual(users, [])
    for user in users:
      registrar.log_in(user, password_of(user))
      self.assertEqual(registrar.answer(), RECOGNISED, user)


class RestartAfterKillTest(KillTest):
  """A client stays connected, so that the dead server's socket has somebody at its other end."""

  def test_right_after_a_kill_the_next_one_starts_on_io_uring_or_epoll(self):
    self.kill_and_restart('auto')

  @target.linux_only('there is one backend')
  def test_right_after_a_kill_the_next_one_starts_on_epoll(self):
    self.kill_and_restart('epoll')

  def kill_and_restart(self, backend):
    daemon = self.daemon('--memory', '--backend', backend)
    client = self.registrar(daemon.server, '--backend', backend)
    for _ in range(chance.times(50, 200)):
      daemon.restart()
      client.connect()


class StartKillTest(unittest.TestCase):

  def test_a_first_start_that_was_killed_is_in_nobodys_way(self):
    numbers = chance.numbers()
    longest = self.time_of_a_start()
    for _ in range(chance.times(50, 1000)):
      folder = pathlib.Path(programs.new_folder())
      self.kill_while_starting(folder, numbers.uniform(0, longest))
      Server(folder=folder).remove()

  def time_of_a_start(self):
    begin = time.monotonic()
    server = Server()
    longest = time.monotonic() - begin
    server.remove()
    return longest

  def kill_while_starting(self, folder, after):
    starting = programs.Process(programs.server_command(folder), target.environment())
    with contextlib.suppress(subprocess.TimeoutExpired):
      starting.process.wait(after)
    starting.discard()


if __name__ == '__main__':
  unittest.main()
