#!/usr/bin/env python3
"""Small floods: the server goes on serving, and the offender gets what the documents say.

    PIPERPCD=... PIPERPC=... PIPERPC_FLOOD=... floods_test.py -v

tests/floods/run has the large ones, and how long things take.
"""

import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / 'e2e'))
import floods  # pylint: disable=wrong-import-position
import target  # pylint: disable=wrong-import-position


class FloodsTest(unittest.TestCase):

  def flood(self, name, count):
    """Floods a server, and returns what the offender got."""
    result = floods.flooded(name, 'auto', count, seconds=0)
    # A bystander that is the same user has to share what one user may take.
    phases = ('alone', 'beside', 'after') if floods.IS_ANOTHER_USER else ('alone', 'after')
    for phase in phases:
      for what in ('calls', 'connections'):
        self.assertGreater(result[phase][what]['count'], 0)
        self.assertEqual(result[phase][what]['failed'], 0, (phase, what))
    self.assertEqual(result['exit_code'], 0)
    return result['offender']

  def test_calls_that_are_cancelled_at_once_end_one_by_one_and_not_their_connection(self):
    got = self.flood('cancel', 2000)
    self.assertLessEqual(set(got), {'CANCELLED', 'RESOURCE_EXHAUSTED'})
    self.assertEqual(sum(got.values()), 2000)

  def test_mute_clients_are_told_why_and_closed(self):
    got = self.flood('mute', 100)
    self.assertTrue(set(got) & {'GOAWAY RESOURCE_EXHAUSTED', 'GOAWAY DEADLINE_EXCEEDED'}, got)
    self.assertGreater(got['closed'], 0)

  def test_clients_that_close_at_once_are_admitted(self):
    self.assertEqual(set(self.flood('connect', 1)), {'connected'})

  def test_logins_above_those_that_may_wait_are_refused(self):
    got = self.flood('logins', 100)
    self.assertEqual(set(got), {'times', 'OK', 'RESOURCE_EXHAUSTED'})
    self.assertEqual(got['OK'] + got['RESOURCE_EXHAUSTED'], 100)

  @target.linux_only('Windows has no signal that stops a process')
  def test_a_subscriber_that_is_stopped_gets_what_its_policy_says(self):
    got = self.flood('stopped_subscriber', 4000)
    self.assertEqual(got['publish: OK'], 4001)
    self.assertEqual(got['DROP_OLDEST: goes on'], 1)
    self.assertEqual(got['DROP_OLDEST: events'] + got['DROP_OLDEST: dropped'], 4001)
    self.assertEqual(got['DISCONNECT: RESOURCE_EXHAUSTED'], 1)
    self.assertEqual(got['BLOCK: RESOURCE_EXHAUSTED'], 1)

  def test_every_subscriber_is_told_of_a_login(self):
    got = self.flood('subscribers', 64)
    self.assertEqual((got['subscribed'], got['event'], got['login: OK']), (64, 64, 1))

  def test_half_messages_above_the_budget_of_their_user_are_refused(self):
    got = self.flood('halves', 120)
    self.assertEqual(set(got) - {'DEADLINE_EXCEEDED'}, {'begun', 'RESOURCE_EXHAUSTED'})

  def test_small_replies_that_are_not_read_stay_in_the_connection(self):
    got = self.flood('unread_small', 8)
    self.assertLessEqual(set(got), {'OK', 'still open'})
    self.assertEqual(got['still open'], 8)

  def test_large_replies_that_are_not_read_are_refused_at_the_most(self):
    got = self.flood('unread_large', 8)
    self.assertLessEqual(set(got), {'OK', 'RESOURCE_EXHAUSTED', 'still open'})
    self.assertEqual(got['still open'], 8)


if __name__ == '__main__':
  unittest.main()
