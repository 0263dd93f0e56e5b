#!/usr/bin/env python3
"""Everything at once for some seconds: nothing ends as it must not, and nothing is left behind.

    PIPERPCD=... PIPERPC=... PIPERPC_FLOOD=... PIPERPC_SOAK=... soak_test.py -v

tests/soak/run has the long form, and whether memory and latency stay where they are.
"""

import pathlib
import sys
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / folder) for folder in ('e2e', 'floods')]
import chance  # pylint: disable=wrong-import-position
import soak  # pylint: disable=wrong-import-position

SECONDS = 5


class SoakTest(unittest.TestCase):

  maxDiff = None

  def soak(self, backend):
    result = soak.soaked(backend, SECONDS, chance.numbers())
    self.assertEqual(result['faults'], [])
    for what in ('Login: OK', 'Publish: OK', 'Both: OK', 'clients killed', 'commands'):
      self.assertGreater(result['counts'].get(what, 0), 0, what)

  def test_everything_at_once_leaves_nothing_behind_on_io_uring_or_epoll(self):
    self.soak('auto')

  def test_everything_at_once_leaves_nothing_behind_on_epoll(self):
    self.soak('epoll')


if __name__ == '__main__':
  unittest.main()
