#!/usr/bin/env python3
"""How many system calls a call takes on each side, by strace.

    COST_PROGRAM=... system_calls_test.py -v
"""

import collections
import functools
import os
import re
import shutil
import subprocess
import unittest

import workload

PROGRAM = os.environ['COST_PROGRAM']
SEND = {'sendmsg', 'sendto', 'write', 'writev'}
RECEIVE = {'recvmsg', 'recvfrom', 'read', 'readv'}

CALLS = 500
CALLS_IN_FLIGHT = 6_400  # 64 at a time; what a program does at its start weighs little then.
RUNS = 3

# Of one call among 64 in flight. Being traced slows the server down more than most and makes the
# client send what it has more often, so its bound leaves room.
SHARE = {'client': 0.5, 'server': 1.2}

# What may be between the two runs that is no call's: a thread that waits for another one at its
# start or end, once more or once less often.
NOISE = 25


@functools.cache
def refusal(backend):
  """Why the tests of `backend` cannot run here; empty when they can."""
  if shutil.which('strace') is None:
    return 'no strace here; tools/install-dependencies test brings it'
  traced = subprocess.run(['strace', '-o', os.devnull, 'true'], capture_output=True, text=True,
                          timeout=workload.LIMIT, check=False)
  if traced.returncode != 0:
    return f'strace may not trace: {traced.stderr.strip()}'
  return workload.backend_refusal(PROGRAM, backend)


def count(kind, backend, side, calls):
  """The system calls of one side of `calls` calls, by their names."""
  with workload.folder() as scratch:
    out = scratch / 'strace.out'
    workload.run_both(PROGRAM, backend, kind, calls, ['strace', '-f', '-qq', '-o', out], side)
    return collections.Counter(re.findall(r'^\d+ +(\w+)\(', out.read_text(), re.MULTILINE))


def count_between(kind, backend, side, few, many):
  """What the further calls of the longer of two runs took."""
  longer = count(kind, backend, side, many)
  longer.subtract(count(kind, backend, side, few))
  return longer


class SystemCallsTest(unittest.TestCase):

  @classmethod
  def setUpClass(cls):
    workload.take_turns()

  def need(self, backend):
    if reason := refusal(backend):
      self.skipTest(reason)

  def test_a_blocking_call_is_one_send_and_one_receive_on_epoll(self):
    self.client_of_blocking_calls('epoll')

  def test_a_blocking_call_is_one_send_and_one_receive_on_io_uring(self):
    self.client_of_blocking_calls('io_uring')

  def client_of_blocking_calls(self, backend):
    self.need(backend)
    taken = count_between('blocking', backend, 'client', 100, 100 + CALLS)
    self.assertEqual(sum(taken[name] for name in SEND), CALLS, taken)
    self.assertEqual(sum(taken[name] for name in RECEIVE), CALLS, taken)
    self.assertLessEqual(sum(taken.values()), 2 * CALLS + NOISE, taken)

  def test_a_server_answers_with_three_on_epoll(self):
    self.server_of_blocking_calls('epoll', 3)

  def test_a_server_answers_with_two_on_io_uring(self):
    self.server_of_blocking_calls('io_uring', 2)

  def server_of_blocking_calls(self, backend, bound):
    self.need(backend)
    taken = count_between('blocking', backend, 'server', 100, 100 + CALLS)
    self.assertLessEqual(sum(taken.values()), bound * CALLS + NOISE, taken)

  def test_calls_that_are_in_flight_together_share_them_on_epoll(self):
    self.calls_in_flight('epoll')

  def test_calls_that_are_in_flight_together_share_them_on_io_uring(self):
    self.calls_in_flight('io_uring')

  def calls_in_flight(self, backend):
    self.need(backend)
    for side, share in SHARE.items():
      with self.subTest(side):
        # The least: what else the machine does parts some that would go together.
        runs = [count('callback', backend, side, CALLS_IN_FLIGHT) for _ in range(RUNS)]
        taken = min(runs, key=collections.Counter.total)
        self.assertLessEqual(taken.total(), share * CALLS_IN_FLIGHT, taken)


if __name__ == '__main__':
  unittest.main()
