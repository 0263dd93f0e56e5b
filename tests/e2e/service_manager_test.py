#!/usr/bin/python3
"""piperpcd under a service manager: sockets that are handed over, and what it is told. The manager is
this test, or a tool of systemd's."""

import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import unittest

import programs
import target
from programs import UPPERCASE, Process

LAUNCHER = pathlib.Path(__file__).with_name('listen_fds.py')


class ManagerTest(unittest.TestCase):

  def setUp(self):
    self.folder = pathlib.Path(programs.new_folder())
    self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
    self.path = str(self.folder / 'served.sock')
    self.notify_path = str(self.folder / 'notify')

  def listen(self, path=None, kind=socket.SOCK_SEQPACKET):
    listener = socket.socket(socket.AF_UNIX, kind)
    self.addCleanup(listener.close)
    listener.bind(path or self.path)
    listener.listen()
    return listener

  def listen_for_news(self, address=None):
    news = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    self.addCleanup(news.close)
    news.bind(address or self.notify_path)
    news.settimeout(programs.LIMIT)
    return news

  def start(self, *sockets, flags=('--memory',), **env):
    numbers = [each.fileno() for each in sockets]
    command = [sys.executable, '-B', LAUNCHER, ','.join(map(str, numbers)), *target.PIPERPCD,
               '--endpoint', self.folder / 'own.sock', *flags]
    process = Process(command, target.environment(**env), pass_fds=numbers)
    self.addCleanup(process.discard)
    return process

  def serve(self, *sockets, **more):
    process = self.start(*sockets, **more)
    process.out.until('READY ')
    return process

  def client(self, *arguments, path=None, **env):
    process = Process([*target.PIPERPC, '--endpoint', path or self.path, *arguments],
                      target.environment(**env))
    self.addCleanup(process.discard)
    return process

  def assert_served(self, path=None):
    client = self.client('list', path=path)
    self.assertEqual(client.finish(), 0, client.err.seen)
    self.assertIn('upper.v1.UpperService', client.out.seen)

  def end(self, process):
    process.process.send_signal(signal.SIGTERM)
    self.assertEqual(process.finish(), 0, process.err.seen)

  def refused(self, process):
    """What it says when it does not start."""
    self.assertEqual(process.finish(), 1, process.err.seen)
    return '\n'.join(process.err.seen)


class SocketsTest(ManagerTest):

  def test_a_socket_that_was_handed_over_is_served_in_place_of_the_endpoint(self):
    server = self.serve(self.listen())
    self.assertEqual(server.out.seen, [f'READY {self.path}'])
    self.assert_served()
    self.assertFalse((self.folder / 'own.sock').exists())
    self.end(server)
    self.assertTrue(os.path.exists(self.path))
    self.assertFalse(os.path.exists(self.path + '.lock'))

  def test_clients_wait_while_it_is_restarted(self):
    listener = self.listen()
    self.end(self.serve(listener))
    clients = [self.client('list') for _ in range(5)]
    server = self.serve(listener)
    for client in clients:
      self.assertEqual(client.finish(), 0, client.err.seen)
    self.end(server)

  def test_all_sockets_are_served_whatever_their_names(self):
    other = str(self.folder / 'other.sock')
    server = self.serve(self.listen(), self.listen(other), LISTEN_FDNAMES='a:b')
    self.assertEqual(server.out.seen, [f'READY {self.path}, {other}'])
    self.assert_served()
    self.assert_served(other)

  def test_sockets_of_another_process_are_left_alone(self):
    server = self.serve(self.listen(), LISTEN_PID='1')
    self.assertEqual(server.out.seen, [f'READY {self.folder}/own.sock'])

  def test_a_number_that_is_not_one_is_an_error(self):
    for variable, value in (('LISTEN_FDS', 'many'), ('LISTEN_FDS', '-1'), ('LISTEN_PID', '1x')):
      said = self.refused(self.start(**{variable: value}))
      self.assertIn(f'{variable}="{value}" is not valid', said)

  def test_names_must_be_as_many_as_the_sockets(self):
    said = self.refused(self.start(self.listen(), LISTEN_FDNAMES='a:b'))
    self.assertIn('LISTEN_FDNAMES="a:b" has 2 names, but LISTEN_FDS is 1', said)

  def test_a_socket_that_is_not_there_is_an_error(self):
    said = self.refused(self.start(LISTEN_FDS='1', LISTEN_FDNAMES='gone'))
    self.assertIn('LISTEN_FDS: descriptor 3 "gone" is not open', said)

  def test_a_stream_is_an_error_that_says_what_to_write(self):
    said = self.refused(self.start(self.listen(kind=socket.SOCK_STREAM)))
    self.assertIn('SOCK_STREAM', said)
    self.assertIn('ListenSequentialPacket=', said)

  def test_a_single_connection_is_an_error_that_says_what_to_write(self):
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    self.addCleanup(one.close)
    self.addCleanup(other.close)
    self.assertIn('Accept=no', self.refused(self.start(one)))

  def test_a_file_mode_is_for_whoever_has_made_the_socket(self):
    said = self.refused(self.start(self.listen(), flags=('--memory', '--access', 'raw:0666')))
    self.assertIn('SocketMode=', said)


class NewsTest(ManagerTest):

  def test_it_says_when_it_serves_and_when_it_ends(self):
    news = self.listen_for_news()
    server = self.serve(self.listen(), NOTIFY_SOCKET=self.notify_path)
    self.assertEqual(news.recv(4096).decode(), 'READY=1')
    self.assertEqual(news.recv(4096).decode(), f'STATUS=Serves at {self.path}')
    self.assert_served()
    self.end(server)
    self.assertEqual(news.recv(4096).decode(), 'STOPPING=1\nSTATUS=Ends: SIGTERM')

  def test_an_abstract_socket_is_told_too(self):
    name = f'piperpc-{os.urandom(8).hex()}'
    news = self.listen_for_news('\0' + name)
    self.serve(NOTIFY_SOCKET='@' + name)
    self.assertEqual(news.recv(4096), b'READY=1')

  def test_many_long_addresses_do_not_keep_it_from_being_ready(self):
    news = self.listen_for_news()
    folder = self.folder / ('long' * 10)
    folder.mkdir()
    self.serve(*[self.listen(str(folder / str(i))) for i in range(100)],
               NOTIFY_SOCKET=self.notify_path)
    self.assertEqual(news.recv(4096), b'READY=1')
    self.assertLessEqual(len(news.recv(65536)), 4096)

  # Whoever has shut it down, as another service may that has the socket, too.
  def test_a_socket_that_was_shut_down_is_told_and_looked_at_seldom(self):
    listener = self.listen()
    server = self.serve(listener)
    listener.shutdown(socket.SHUT_RDWR)
    server.err.until('has shut it down')
    self.end(server)

  def test_nobody_hears_of_a_server_that_does_not_start(self):
    news = self.listen_for_news()
    self.refused(self.start(self.listen(kind=socket.SOCK_STREAM), NOTIFY_SOCKET=self.notify_path))
    news.setblocking(False)
    with self.assertRaises(BlockingIOError):
      news.recv(4096)

  def test_it_serves_though_nobody_can_be_told(self):
    server = self.serve(self.listen(), NOTIFY_SOCKET=self.notify_path)
    server.err.until('"event":"service manager not notified"')
    self.assert_served()

  def test_the_watchdog_is_told_again_and_again(self):
    news = self.listen_for_news()
    self.serve(WATCHDOG_USEC='20000', NOTIFY_SOCKET=self.notify_path)
    for _ in range(5):
      while news.recv(4096) != b'WATCHDOG=1':
        pass

  def test_the_watchdog_of_another_process_is_left_alone(self):
    news = self.listen_for_news()
    server = self.serve(WATCHDOG_USEC='1000', WATCHDOG_PID='1', NOTIFY_SOCKET=self.notify_path)
    self.end(server)
    news.setblocking(False)
    self.assertEqual([news.recv(4096).split(b'=')[0] for _ in range(3)],
                     [b'READY', b'STATUS', b'STOPPING'])
    with self.assertRaises(BlockingIOError):
      news.recv(4096)


class AbstractTest(ManagerTest):
  """Endpoints that are no files."""

  FLAG = '--allow-unprotected-abstract-socket'

  def setUp(self):
    super().setUp()
    self.name = f'@piperpc-{os.urandom(8).hex()}'

  def test_they_are_refused_without_the_flag_that_names_the_risk(self):
    for command in ([*target.PIPERPCD, '--memory'], [*target.PIPERPC, 'list']):
      result = subprocess.run([*command, '--endpoint', self.name], capture_output=True, text=True,
                              timeout=programs.LIMIT, check=False)
      self.assertEqual(result.returncode, 64, result.stderr)
      self.assertIn('allow_unprotected_abstract_socket', result.stderr)
      self.assertIn('CVE-2020-15257', result.stderr)

  def test_they_are_served_with_it(self):
    server = Process([*target.PIPERPCD, '--memory', '--endpoint', self.name, self.FLAG])
    self.addCleanup(server.discard)
    self.assertEqual(server.out.until('READY '), f'READY {self.name}')
    client = self.client(self.FLAG, 'list', path=self.name)
    self.assertEqual(client.finish(), 0, client.err.seen)
    self.end(server)


class SystemdTest(ManagerTest):
  """The unit files, and the tools of systemd, where they are installed."""

  OF_ROOT = {'fchown'}  # SQLite makes it for root, which the service is not.

  UNITS = pathlib.Path(__file__).resolve().parents[2] / 'tools' / 'piperpcd' / 'systemd'

  def tool(self, name):
    path = shutil.which(name)
    if path is None:
      self.skipTest(f'{name} is not installed')
    return path

  def unit_lines(self):
    return (self.UNITS / 'piperpcd.service').read_text().splitlines()

  def test_systemd_socket_activate_starts_it_for_a_client(self):
    activate = self.tool('systemd-socket-activate')
    manager = Process([activate, '--seqpacket', '--fdname=demo', '-l', self.path, *target.PIPERPCD,
                       '--memory'])
    self.addCleanup(manager.discard)
    manager.err.until('Listening on')
    self.assert_served()
    self.end(manager)

  def test_systemd_takes_the_units(self):
    analyze = self.tool('systemd-analyze')
    units = []
    for name in ('piperpcd.service', 'piperpcd.socket'):
      text = (self.UNITS / name).read_text()
      text = text.replace('ExecStart=piperpcd', f'ExecStart={target.PIPERPCD[-1]}')
      (self.folder / name).write_text(text)
      units.append(self.folder / name)
    result = subprocess.run([analyze, 'verify', *units], capture_output=True, text=True,
                            timeout=programs.LIMIT, check=False)
    about_ours = [line for line in result.stderr.splitlines() if 'piperpcd' in line]
    self.assertEqual(about_ours, [], result.stderr)

  def test_the_service_is_hardened(self):
    analyze = self.tool('systemd-analyze')
    result = subprocess.run([analyze, 'security', '--offline=true', '--threshold=10',
                             self.UNITS / 'piperpcd.service'], capture_output=True, text=True,
                            timeout=programs.LIMIT, check=False)
    if 'unrecognized option' in result.stderr:
      self.skipTest('this systemd-analyze does not judge files')
    self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

  @unittest.skipUnless(os.environ.get('PIPERPC_REFUSE_THREADS'), 'sanitizers make calls of their own')
  def test_the_filter_has_every_system_call_that_it_makes(self):
    strace = self.tool('strace')
    allowed = self.allowed_calls()
    for backend in ('epoll', 'io_uring'):
      made = self.calls_made(strace, backend)
      self.assertIn('epoll_wait' if backend == 'epoll' else 'io_uring_enter', made)
      self.assertEqual(made - allowed - self.OF_ROOT, set(), backend)

  def allowed_calls(self):
    """As systemd reads the lines, one after the other."""
    sets = self.call_sets()
    allowed = set(sets['@default'])
    for line in self.unit_lines():
      key, _, value = line.partition('=')
      if key != 'SystemCallFilter':
        continue
      calls = set()
      for word in value.lstrip('~').split():
        calls |= sets[word] if word.startswith('@') else {word}
      allowed = allowed - calls if value.startswith('~') else allowed | calls
    return allowed

  def call_sets(self):
    """The groups of system calls, with those in them that are groups."""
    listed = subprocess.run([self.tool('systemd-analyze'), '--no-pager', 'syscall-filter'],
                            capture_output=True, text=True, timeout=programs.LIMIT, check=True)
    own = {}
    name = None
    for line in listed.stdout.splitlines():
      word = line.strip()
      if line.startswith('@'):
        name = word
        own[name] = set()
      elif name and word and not word.startswith('#'):
        own[name].add(word)

    def whole(group):
      return set().union(*(whole(word) if word.startswith('@') else {word} for word in own[group]))

    return {group: whole(group) for group in own}

  def calls_made(self, strace, backend):
    """Of a server that logs a user in, serves calls, tells the manager, and ends."""
    trace = self.folder / f'trace-{backend}'
    path = str(self.folder / f'{backend}.sock')
    news = self.listen_for_news(str(self.folder / f'news-{backend}'))
    server = Process(
        [strace, '-f', '-qq', '-o', trace, *target.PIPERPCD, '--endpoint', path, '--data-dir',
         self.folder / 'data', '--access', 'group', '--backend', backend, '--stop-word', 'quit'],
        target.environment(NOTIFY_SOCKET=news.getsockname(), WATCHDOG_USEC='20000'))
    self.addCleanup(server.discard)
    server.out.until('READY ')
    client = self.client('--user', 'ana', '--register', 'call', UPPERCASE, 'text=a', path=path,
                         PIPERPC_PASSWORD='secret')
    self.assertEqual(client.finish(), 0, client.err.seen)
    server.write('quit')
    self.assertEqual(server.finish(), 0, server.err.seen)
    calls = set()
    for line in trace.read_text().splitlines():
      call = line.split(maxsplit=1)[1].partition('(')[0]
      if call.isidentifier():
        calls.add(call)
    return calls


if __name__ == '__main__':
  unittest.main()
