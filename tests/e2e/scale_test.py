#!/usr/bin/python3
"""10,000 connections to one piperpcd, each with its answer, and what an idle one costs the server.

    PIPERPCD=... PIPERPC=... scale_test.py -v
"""

import pathlib
import resource
import socket
import unittest

import programs
import protocol_client
from protocol_client import wire

COUNT = 10_000
CHECK = 'piperpc.v1.HealthService/Check'


def opening_packet():
  """A Hello and a call of Health's Check: the same for every connection."""
  connection = protocol_client.Connection.__new__(protocol_client.Connection)
  connection.hello = wire.Hello(magic=protocol_client.MAGIC, min_version=1, max_version=1,
                                max_packet_bytes=131072, max_message_bytes=4 << 20,
                                max_metadata_bytes=8192, initial_credit=65536)
  request = wire.FrameHeader(kind=wire.FRAME_KIND_REQUEST, call_id=1, method=CHECK,
                             flags=wire.FRAME_FLAG_END)
  return connection.hello_frame() + protocol_client.encode_frame(request)


def answer(connection):
  """The response on `connection`: its header."""
  while True:
    packet = connection.recv(131072)
    if not packet:
      raise AssertionError('the server closed the connection')
    for header, payload in protocol_client.decode_packet(packet):
      if header.kind == wire.FRAME_KIND_GOAWAY:
        raise AssertionError(f'goaway: {wire.Goaway.FromString(payload)}')
      if header.kind == wire.FRAME_KIND_RESPONSE:
        return header


def resident_kib(pid):
  for line in pathlib.Path(f'/proc/{pid}/status').read_text(encoding='ascii').splitlines():
    if line.startswith('VmRSS:'):
      return int(line.split()[1])
  raise AssertionError('no VmRSS')


def allow_descriptors(count):
  """False when this machine does not let a process have so many."""
  _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
  if hard != resource.RLIM_INFINITY and hard < count:
    return False
  resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
  return True


class ScaleTest(unittest.TestCase):

  def test_10000_connections_are_held_and_each_gets_its_answer_on_io_uring_or_epoll(self):
    self.hold('auto')

  def test_10000_connections_are_held_and_each_gets_its_answer_on_epoll(self):
    self.hold('epoll')

  def hold(self, backend):
    if not allow_descriptors(COUNT + 200):
      self.skipTest(f'this machine allows no process {COUNT + 200} descriptors')
    limit = str(COUNT + 100)
    server = programs.Server('--memory', '--backend', backend, '--max-connections', limit,
                             '--max-connections-per-user', limit)
    self.addCleanup(server.remove)

    packet = opening_packet()
    connections = []
    self.addCleanup(lambda: [connection.close() for connection in connections])

    def open_one():
      connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
      connections.append(connection)
      connection.connect(server.endpoint)  # Waits for a place in the backlog.
      connection.settimeout(programs.LIMIT)
      connection.send(packet)

    for _ in range(10):
      open_one()
    for connection in connections:
      self.assertEqual(answer(connection).status.code, 0)
    before = resident_kib(server.process.pid)
    for _ in range(COUNT - len(connections)):
      open_one()
    for connection in connections[10:]:
      self.assertEqual(answer(connection).status.code, 0)
    grown = resident_kib(server.process.pid) - before
    print(f'{backend}: {len(connections)} connections; the server took '
          f'{grown / (COUNT - 10):.2f} KiB more for each idle one')

    # They are all alive still, not only answered once.
    again = protocol_client.encode_frame(
        wire.FrameHeader(kind=wire.FRAME_KIND_REQUEST, call_id=2, method=CHECK,
                         flags=wire.FRAME_FLAG_END))
    for connection in connections:
      connection.send(again)
    for connection in connections:
      self.assertEqual(answer(connection).call_id, 2)
    for connection in connections:
      connection.close()
    self.assertEqual(server.stop(), 0)


if __name__ == '__main__':
  unittest.main()
