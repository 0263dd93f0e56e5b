#!/usr/bin/env python3
"""How many system calls a call, and a connection, takes on each side, by strace.

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

WAIT = {'epoll_wait', 'epoll_pwait', 'io_uring_enter', 'poll', 'futex'}

CALLS = 500
CONNECTIONS = 200
CALLS_IN_FLIGHT = 6_400  # 64 at a time; what a program does at its start weighs little then.
SHARE = 1 / 3  # Of one call among 64 in flight.

# What may be between the two runs that is no call's: a thread that waits for another one at its
# start or end, once more or once less often.
NOISE = 25


@functools.cache
def refusal(backend):
  """Why the tests of `backend` cannot run here; empty when they can."""
  if shutil.which('strace') is None:
    return 'no strace here; tools/install-dependencies test brings it'
  tried = subprocess.run(['strace', '-o', os.devnull, 'true'], capture_output=True, text=True,
                         timeout=workload.LIMIT, check=False)
  if tried.returncode != 0:
    return f'strace may not trace: {tried.stderr.strip()}'
  return workload.backend_refusal(PROGRAM, backend)


def count(kind, backend, calls, sides, *more):
  """The system calls that `calls` calls take on each of `sides`, by their names."""
  with workload.folder() as scratch:
    outs = {side: scratch / side for side in sides}
    workload.run_both(PROGRAM, backend, kind, calls, {
        side: ['strace', '-f', '-qq', '-o', out] for side, out in outs.items()}, *more)
    return {side: collections.Counter(re.findall(r'^\d+ +(\w+)\(', out.read_text(), re.MULTILINE))
            for side, out in outs.items()}


def count_between(kind, backend, side, few, many):
  """What the further calls of the longer of two runs took."""
  longer = count(kind, backend, many, [side])[side]
  longer.subtract(count(kind, backend, few, [side])[side])
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
    self.assertLessEqual(taken.total(), 2 * CALLS + NOISE, taken)

  def test_a_server_answers_with_three_on_epoll(self):
    self.server_of_blocking_calls('epoll', 3)

  def test_a_server_answers_with_two_on_io_uring(self):
    self.server_of_blocking_calls('io_uring', 2)

  def server_of_blocking_calls(self, backend, bound):
    self.need(backend)
    taken = count_between('blocking', backend, 'server', 100, 100 + CALLS)
    self.assertLessEqual(taken.total(), bound * CALLS + NOISE, taken)

  # Of the client's nine, two look whom it talks to and two limit how long it waits.
  def test_a_connection_with_a_call_on_epoll(self):
    self.connections('epoll', {'client': 9, 'server': 12})

  def test_a_connection_with_a_call_on_io_uring(self):
    self.connections('io_uring', {'client': 9, 'server': 9})

  def connections(self, backend, bounds):
    self.need(backend)
    for side, bound in bounds.items():
      with self.subTest(side):
        taken = count_between('connection', backend, side, 50, 50 + CONNECTIONS)
        self.assertLessEqual(taken.total(), bound * CONNECTIONS + NOISE, taken)

  def test_calls_that_are_in_flight_together_share_them_on_epoll(self):
    self.calls_in_flight('epoll')

  def test_calls_that_are_in_flight_together_share_them_on_io_uring(self):
    self.calls_in_flight('io_uring')

  def calls_in_flight(self, backend):
    self.need(backend)
    # Tracing slows both sides down alike: one that waits for a slower one would send less at once.
    both = count('callback', backend, CALLS_IN_FLIGHT, ['client', 'server'])
    for side, taken in both.items():
      with self.subTest(side):
        self.assertLessEqual(taken.total(), SHARE * CALLS_IN_FLIGHT, taken)

  # Connections and calls in flight on each: packets, and waits, for each hundred calls, at the most.
  GRID = {(4, 4): (32, 36), (4, 16): (10, 13), (16, 16): (14, 15)}

  def test_connections_with_several_calls_share_packets_and_waits_on_epoll(self):
    self.grid('epoll')

  def test_connections_with_several_calls_share_packets_and_waits_on_io_uring(self):
    self.grid('io_uring')

  def grid(self, backend):
    self.need(backend)
    for cell, (packets, waits) in self.GRID.items():
      both = count('grid', backend, CALLS_IN_FLIGHT, ['client', 'server'], *cell)
      for side, taken in both.items():
        with self.subTest(cell=cell, side=side):
          self.assertLessEqual(sum(taken[name] for name in SEND),
                               packets / 100 * CALLS_IN_FLIGHT, taken)
          self.assertLessEqual(sum(taken[name] for name in WAIT),
                               waits / 100 * CALLS_IN_FLIGHT, taken)


if __name__ == '__main__':
  unittest.main()
