"""The system that the programs under test are for: this one, or Windows by way of Wine.

PIPERPC and PIPERPCD name the programs. PIPERPC_RUNNER, where it is set, is a program that runs
programs of Windows; it becomes the program that it runs, so that a signal to it is one to that.
"""

import os
import signal
import unittest

_RUNNER = [os.environ['PIPERPC_RUNNER']] if os.environ.get('PIPERPC_RUNNER') else []


def command(program):
  """What starts a program under test."""
  return [*_RUNNER, str(program)]


WINDOWS = bool(_RUNNER)
PIPERPC = command(os.environ['PIPERPC'])
PIPERPCD = command(os.environ['PIPERPCD'])
BACKENDS = ('auto', 'iocp') if WINDOWS else ('auto', 'epoll')

# What asks a server to end. Wine makes a Ctrl-C of SIGINT, and has no other signal that a program
# of Windows could handle.
END_SIGNAL = signal.SIGINT if WINDOWS else signal.SIGTERM


def environment(**more):
  """For a program. Wine reads arguments and names in the character set of the locale."""
  locale = {'LC_ALL': 'C.UTF-8'} if WINDOWS else {}
  return {**os.environ, **locale, **more}


def few_threads(count):
  """What makes the system refuse a program more threads than those, for its environment."""
  return {'LD_PRELOAD': os.environ['PIPERPC_REFUSE_THREADS'], 'PIPERPC_TEST_THREADS': str(count)}


def with_few_threads_only(test):
  """Skips a test where the system cannot be made to refuse threads."""
  missing = not os.environ.get('PIPERPC_REFUSE_THREADS')
  return unittest.skipIf(missing, 'nothing here refuses threads')(test)


def path(local):
  """A path of this machine, as the programs take it. Wine has its root folder as drive Z."""
  return 'Z:' + str(local).replace('/', '\\') if WINDOWS else str(local)


def endpoint(folder, name):
  """An endpoint of that name that goes with `folder`, whose own name nobody else has."""
  return f'{folder.name}-{name}' if WINDOWS else str(folder / f'{name}.sock')


def linux_only(reason):
  """Skips a test of what the programs of Windows cannot show here."""
  return unittest.skipIf(WINDOWS, reason)
