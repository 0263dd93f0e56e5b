#!/usr/bin/python3
"""How piperpcd starts, serves several clients at once, and ends."""

import json
import os
import pathlib
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest

import programs
import target
from programs import (PUBLISH, SUBSCRIBE, UPPERCASE, UPPERCASE_LINES, WHO_AM_I, Process, Server,
                      replies)


class ServerTest(unittest.TestCase):

  def start(self, *flags, folder=None):
    server = Server(*flags, folder=folder)
    self.addCleanup(server.remove)
    return server


class EndTest(ServerTest):

  @target.linux_only('Windows has no such signal')
  def test_sigterm_drains_and_ends_with_0(self):
    self.end_by(signal.SIGTERM)

  @target.linux_only('Windows has no such signal')
  def test_sighup_drains_and_ends_with_0(self):
    self.end_by(signal.SIGHUP)

  @target.linux_only('Windows has no such signals')
  def test_signals_that_were_ignored_at_the_start_stay_ignored(self):
    with programs.ignoring(signal.SIGINT, signal.SIGHUP):
      server = self.start('--memory')
    server.process.send_signal(signal.SIGINT)
    server.process.send_signal(signal.SIGHUP)
    self.assertEqual(server.run('wait').returncode, 0)
    server.process.send_signal(signal.SIGTERM)
    self.assertEqual(server.finish(), 0)
    self.assertIn('"reason":"SIGTERM"', '\n'.join(server.err.seen))

  @target.linux_only('Windows has no such limit')
  def test_a_log_at_the_limit_of_file_sizes_ends_nothing(self):
    folder = programs.new_folder()
    self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
    endpoint = target.endpoint(pathlib.Path(folder), 'limit')
    with open(pathlib.Path(folder) / 'log', 'w', encoding='utf-8') as log:
      daemon = subprocess.Popen([*target.PIPERPCD, '--memory', '--log-level', 'debug', '--endpoint',
                                 endpoint], stdout=subprocess.PIPE, stderr=log, text=True)
    self.addCleanup(daemon.kill)
    self.assertIn('READY', daemon.stdout.readline())
    resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (0, 0))
    daemon.send_signal(signal.SIGTERM)
    self.assertNotEqual(daemon.wait(programs.LIMIT), -signal.SIGXFSZ)
    daemon.stdout.close()

  @target.linux_only('Windows has no such limit')
  def test_an_account_store_without_room_says_so_and_goes_on_when_there_is_some(self):
    server = self.start()
    pid = server.process.pid
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    refused = server.run_as('ana', 'call', WHO_AM_I)
    self.assertEqual(refused.returncode, 8, refused.stderr)  # RESOURCE_EXHAUSTED
    self.assertIn('File too large', refused.stderr)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    self.assertEqual(server.run_as('ana', 'call', WHO_AM_I).returncode, 0)

  @target.linux_only('the pipe of Wine cannot be filled from here')
  def test_a_log_that_nobody_reads_does_not_hold_up_the_end(self):
    folder = programs.new_folder()
    self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
    read_end, write_end = programs.full_pipe()
    endpoint = target.endpoint(pathlib.Path(folder), 'full')
    daemon = subprocess.Popen([*target.PIPERPCD, '--memory', '--endpoint', endpoint],
                              stdout=subprocess.PIPE, stderr=write_end, text=True)
    self.addCleanup(daemon.kill)
    self.assertIn('READY', daemon.stdout.readline())
    for _ in range(50):  # Clients that send garbage, each of which would be a line of the log.
      with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as client:
        client.connect(endpoint)
        client.send(b'garbage')
    daemon.send_signal(signal.SIGTERM)
    self.assertEqual(daemon.wait(programs.LIMIT), 0)
    daemon.stdout.close()
    os.close(read_end)
    os.close(write_end)

  def test_ctrl_c_drains_and_ends_with_0(self):
    self.end_by(signal.SIGINT)

  def end_by(self, number):
    server = self.start('--memory')
    server.process.send_signal(number)
    self.assertEqual(server.finish(), 0)
    self.assertEqual(list(server.folder.glob('*.sock')), [])
    self.assertEqual(server.run('list').returncode, 14)

  @target.linux_only('Windows has no such signals')
  def test_a_second_signal_ends_it_at_once(self):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
      server = self.start('--memory', '--grace', '1h')
      session = server.start('--user', 'ana', '--register', 'session', PIPERPC_PASSWORD='x')
      session.write(f'start {UPPERCASE_LINES}', 'send s1 text=a')
      session.out.until('"A"')  # A call that does not end by itself.
      server.process.send_signal(number)
      server.err.until('"event":"ending"')
      self.repeat_until_it_ends(server.process, number)
      self.assertEqual(server.process.returncode, -number)
      server.err.until('"event":"second signal"')
      session.discard()

  def repeat_until_it_ends(self, process, number):
    """The first ones, of about a second, are taken for repeats of the one that came before."""
    end = time.monotonic() + programs.LIMIT
    while process.poll() is None and time.monotonic() < end:
      process.send_signal(number)
      try:
        process.wait(0.2)
      except subprocess.TimeoutExpired:
        pass

  @target.linux_only('Windows has no such signals')
  def test_two_signals_at_once_count_as_one(self):
    for stop_word in ([], ['--stop-word', 'fim']):
      server = self.start('--memory', '--grace', '1h', *stop_word)
      session = server.start('--user', 'ana', '--register', 'session', PIPERPC_PASSWORD='x')
      session.write(f'start {UPPERCASE_LINES}', 'send s1 text=a')
      session.out.until('"A"')
      server.process.send_signal(signal.SIGSTOP)
      for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        server.process.send_signal(number)
      server.process.send_signal(signal.SIGCONT)
      server.err.until('"event":"ending"')
      session.write('end s1')  # The call goes on, and may end in peace.
      self.assertEqual(server.finish(), 0)
      self.assertNotIn('second signal', '\n'.join(server.err.seen))
      session.discard()

  @target.linux_only('Windows has no such file')
  def test_the_lock_file_stays_and_the_next_server_takes_it(self):
    folder = programs.new_folder()
    self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
    for ending in (signal.SIGKILL, signal.SIGTERM, signal.SIGTERM):
      server = self.start('--memory', folder=folder)
      server.process.send_signal(ending)
      self.assertEqual(server.finish(), -ending if ending == signal.SIGKILL else 0)
      lock = pathlib.Path(server.endpoint + '.lock')
      self.assertLessEqual(lock.stat().st_size, 128)

  def test_the_stop_word_ends_it_and_other_words_do_not(self):
    server = self.start('--memory', '--stop-word', 'fim')
    server.write('finish', 'fim fim')
    self.assertEqual(server.run('wait').returncode, 0)
    server.write('fim')
    self.assertEqual(server.process.wait(programs.LIMIT), 0)
    server.finish()
    self.assertIn('the stop word', '\n'.join(server.err.seen))

  def test_the_end_of_standard_input_is_no_stop_word(self):
    server = self.start('--memory', '--stop-word', 'fim')
    server.process.stdin.close()
    self.assertEqual(server.run('wait').returncode, 0)
    self.assertEqual(server.stop(), 0)

  def test_subscribers_learn_that_the_server_ends(self):
    server = self.start('--memory', '--grace', '1h')  # Subscriptions are not waited for.
    subscriber = server.start('call', SUBSCRIBE)
    subscriber.out.until('subscribed')
    self.assertEqual(server.stop(), 0)
    self.assertEqual(subscriber.process.wait(programs.LIMIT), 14, subscriber.err.seen)
    subscriber.finish()

  def test_a_session_tells_that_its_connection_was_lost(self):
    folder = programs.new_folder()
    first = self.start('--memory', folder=folder)
    session = first.start('--user', 'rita', '--register', 'session', PIPERPC_PASSWORD='x')
    session.write(f'call {WHO_AM_I}')
    session.out.until('rita')
    self.assertEqual(first.stop(), 0)
    second = self.start('--memory', folder=folder)
    session.write(f'call {WHO_AM_I}')
    session.err.until('rita is no longer logged in')
    self.assertEqual(session.finish(), 16)
    self.assertEqual(second.stop(), 0)

  def test_the_log_is_json_lines_without_passwords(self):
    server = self.start('--memory', '--log-level', 'debug')
    server.run_as('ana', 'call', WHO_AM_I, password='not for the log')
    self.assertEqual(server.stop(), 0)
    records = [json.loads(line) for line in server.err.seen]
    self.assertEqual(records[-1]['event'], 'ended')
    for count in ('stopped', 'aborted', 'undelivered', 'blocked'):
      self.assertEqual(records[-1][count], '0')
    self.assertNotIn('not for the log', '\n'.join(server.err.seen))


class ObserveTest(ServerTest):

  def new_folder(self):
    folder = programs.new_folder()
    self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
    return pathlib.Path(folder)

  def test_the_access_log_has_a_line_for_each_call(self):
    server = self.start('--memory', '--access-log')
    for _ in range(30):  # More than there may be of other lines about one user.
      self.assertEqual(server.run_as('ana', 'call', UPPERCASE, 'text=quiet').returncode, 0)
    self.assertEqual(server.stop(), 0)
    calls = [record for record in map(json.loads, server.err.seen) if record['event'] == 'call']
    calls = [call for call in calls if call['method'] == UPPERCASE]
    self.assertEqual(len(calls), 30)
    self.assertEqual({call['status'] for call in calls}, {'OK'})
    self.assertNotIn('quiet', '\n'.join(server.err.seen).lower())

  def test_the_metrics_file_is_renewed_and_complete_at_the_end(self):
    folder = self.new_folder()
    file = folder / 'piperpcd.prom'
    server = self.start('--memory', '--metrics-file', target.path(file), '--metrics-every', '100ms')
    self.assertIn('piperpc_server_connections 0\n', file.read_text())
    server.run_as('ana', 'call', UPPERCASE, 'text=a')
    line = f'piperpc_server_started_total{{method="{UPPERCASE}"}} '
    limit = time.monotonic() + programs.LIMIT
    while line + '1\n' not in file.read_text():
      self.assertLess(time.monotonic(), limit)
    server.run_as('ana', 'call', UPPERCASE, 'text=b')
    self.assertEqual(server.stop(), 0)
    self.assertIn(line + '2\n', file.read_text())

  def test_a_metrics_file_that_cannot_be_written_is_told_at_the_start(self):
    folder = self.new_folder()
    file = target.path(folder / 'nowhere' / 'piperpcd.prom')
    server = Process(programs.server_command(folder, '--memory', '--metrics-file', file),
                     target.environment())
    self.assertEqual(server.finish(), 1)
    self.assertIn('nowhere', server.err.seen[-1])


class UseTest(ServerTest):

  def test_two_users_and_a_subscriber(self):
    server = self.start('--memory', '--event-loops', '2')
    subscribers = [server.start('call', SUBSCRIBE) for _ in range(2)]
    for subscriber in subscribers:
      subscriber.out.until('subscribed')
    for user in ('ana', 'bob'):
      result = server.run_as(user, 'call', UPPERCASE, 'text=' + user)
      self.assertEqual(replies(result.stdout), [{'text': user.upper()}], result.stderr)
    self.assertEqual(server.run('call', PUBLISH, 'text=end').returncode, 0)
    seen = []
    for subscriber in subscribers:
      subscriber.out.until('"text":"end"')
      subscriber.interrupt()
      self.assertEqual(subscriber.finish(), 130)
      seen.append(replies(subscriber.out.seen)[1:])
    self.assertEqual(seen[0], seen[1])
    self.assertEqual([event.get('userLoggedIn', {}).get('username') for event in seen[0]],
                     ['ana', 'bob', None])
    self.assertEqual(server.stop(), 0)

  def test_accounts_survive_a_restart(self):
    folder = programs.new_folder()
    first = self.start(folder=folder)
    self.assertEqual(first.run_as('ana', 'call', WHO_AM_I, password='a').returncode, 0)
    self.assertEqual(first.stop(), 0)
    second = self.start(folder=folder)
    self.assertEqual(second.run_as('ana', 'call', WHO_AM_I, password='b').returncode, 16)
    self.assertEqual(second.run_as('ana', 'call', WHO_AM_I, password='a').returncode, 0)
    self.assertEqual(second.stop(), 0)

  def test_each_backend_serves(self):
    for backend in target.BACKENDS:
      server = self.start('--memory', '--backend', backend)
      self.assertEqual(server.run('list').returncode, 0)
      self.assertEqual(server.stop(), 0)


class StartTest(ServerTest):

  def refused(self, *flags):
    with tempfile.TemporaryDirectory(prefix='piperpc-e2e-') as folder:
      endpoint = target.endpoint(pathlib.Path(folder), 'x')
      return subprocess.run(
          [*target.PIPERPCD, '--endpoint', endpoint, *flags], capture_output=True, text=True,
          encoding='utf-8', timeout=programs.LIMIT, check=False, env=target.environment())

  def test_wrong_flags_are_named(self):
    for flag in ('--nothing', '--grace=5', '--event-loops=0', '--access=all', 'word',
                 '--max-message=1', '--max-packet=1GiB', '--max-calls=-1', '--subscriber-queue=0'):
      self.assert_refused(flag, flag.split('=')[0])

  def test_what_only_the_library_can_tell_is_told_before_anything_is_made(self):
    for flag, text in (('--access=raw:no', '"no"'), ('--backend=bogus', '"bogus"'),
                       ('--endpoint=a b', '"a b"'), ('--endpoint=' + 'x' * 300, 'x' * 300)):
      self.assert_refused(flag, text)

  def test_each_limit_that_the_server_tells_has_a_flag(self):
    given = {'max-connections': 70, 'max-connections-per-user': 60,
             'max-connections-before-hello': 9, 'hello-timeout': '12000ms', 'max-packet': 65537,
             'max-message': 65538, 'max-metadata': 8193, 'max-calls-per-connection': 17,
             'stream-credit': 65539, 'output-queue': 65540, 'parse-budget': 131072,
             'parse-budget-per-connection': 65541, 'parse-budget-per-user': 65542,
             'reply-budget': 65543, 'message-timeout': '13000ms', 'worker-threads': 5,
             'worker-queue': 6}
    flags = [f'--{name}={value}'.replace('--max-calls-per-connection', '--max-calls')
             for name, value in given.items()]
    server = self.start('--memory', *flags)
    told = server.run_as('ana', 'call', 'piperpc.v1.StatsService/GetLimits')
    self.assertEqual(told.returncode, 0, told.stderr)
    limits = {limit['name'].removesuffix('_bytes').replace('_', '-'): limit['value']
              for limit in json.loads(told.stdout)['limits']}
    self.assertEqual(limits, {name: str(value).removesuffix('ms') for name, value in given.items()})

  def test_limits_that_do_not_go_together_are_told_before_anything_is_made(self):
    self.assert_refused('--parse-budget=1MiB', '--parse-budget: 1048576 is less than --max-message')
    self.assert_refused('--parse-budget-per-user=1GiB', 'allows in all, which is 268435456')
    self.assert_refused('--max-packet=256KiB', '--output-queue=128KiB', '--output-queue: 131072')

  @target.linux_only('on Windows others may use a short name, too, and other machines a pipe')
  def test_flags_that_do_not_go_together_are_told_before_anything_is_made(self):
    self.assert_refused('--remote-clients', 'remote clients')
    self.assert_refused('--access=users', '--endpoint=short', 'short')

  def assert_refused(self, *flags_and_text):
    *flags, text = flags_and_text
    with tempfile.TemporaryDirectory(prefix='piperpc-e2e-') as folder:
      data = pathlib.Path(folder) / 'data'
      result = self.refused('--data-dir', target.path(data), *flags)
      self.assertEqual(result.returncode, 64, result.stderr)
      self.assertIn(text, result.stderr)
      self.assertNotIn('accounts opened', result.stderr)
      self.assertFalse(data.exists())

  def test_the_log_names_the_store(self):
    in_files = self.start()
    in_memory = self.start('--memory')
    paths = [json.loads(server.err.until('accounts opened'))['path']
             for server in (in_files, in_memory)]
    data = target.path(in_files.folder / 'data')
    self.assertEqual(paths[0].replace('\\', '/'), f'{data}/accounts.db'.replace('\\', '/'))
    self.assertEqual(paths[1], ':memory:')

  def test_two_servers_may_use_one_folder(self):
    first = self.start()
    data = target.path(first.folder / 'data')
    second = self.start('--data-dir', data)
    self.assertEqual(first.run_as('ana', 'call', WHO_AM_I).returncode, 0)
    known = second.run('--user', 'ana', 'call', WHO_AM_I, PIPERPC_PASSWORD='another')
    self.assertEqual(known.returncode, 16, known.stderr)  # UNAUTHENTICATED: it is ana's name.
    self.assertEqual(second.run_as('bob', 'call', WHO_AM_I).returncode, 0)
    self.assertEqual(first.run_as('bob', 'call', WHO_AM_I).returncode, 0)

  @target.linux_only('arguments with controls, and paths')
  def test_controls_of_its_arguments_do_not_reach_the_terminal(self):
    steering = '\x1b[2J\u202e'
    for flag in (f'--{steering}', f'--access={steering}', f'--endpoint={steering}',
                 '--endpoint=a\nb', f'--endpoint=/nowhere/{steering}', f'--backend={steering}', steering,
                 f'--grace={steering}', f'--max-calls={steering}', f'--log-level={steering}',
                 f'--data-dir=/nowhere/{steering}/x'):
      where = () if flag.startswith('--data-dir') else ('--memory',)
      result = self.refused(*where, flag)
      self.assertIn(result.returncode, (1, 64), result.stderr)
      self.assertIn('[2J' if steering in flag else 'a\\nb', result.stderr)
      for line in (result.stdout + result.stderr).splitlines():
        self.assertTrue(line.isprintable(), line)

  @target.linux_only('paths')
  def test_controls_of_its_endpoint_do_not_reach_the_terminal(self):
    with tempfile.TemporaryDirectory(prefix='piperpc-e2e-') as folder:
      server = Process([*target.PIPERPCD, '--memory', '--endpoint', f'{folder}/\x1b[2J.sock'])
      self.addCleanup(server.discard)
      self.assertEqual(server.out.next(), f'READY {folder}/\\x1b[2J.sock')
      server.process.terminate()
      self.assertEqual(server.finish(), 0)
      for line in server.err.seen:
        self.assertTrue(line.isprintable(), line)

  def test_an_access_that_lets_nobody_connect(self):
    nobody = '--access=raw:D:P' if target.WINDOWS else '--access=raw:0000'
    self.assert_refused(nobody, 'nobody could connect')

  def test_the_largest_message_may_be_larger_than_the_memory_for_those_not_whole_yet(self):
    server = self.start('--memory', '--max-message', '2147483647')
    self.assertEqual(server.run('list').returncode, 0)
    self.assertEqual(server.stop(), 0)

  def test_an_endpoint_that_is_taken(self):
    server = self.start('--memory')
    result = self.refused('--memory', '--endpoint', server.endpoint)
    self.assertEqual(result.returncode, 1, result.stderr)
    self.assertIn(server.endpoint, result.stderr)
    self.assertEqual(server.stop(), 0)

  @target.linux_only('a device of Linux')
  def test_a_full_standard_output_is_told(self):
    for flag in ('--help', '--version'):
      self.assert_not_written(flag, ['No space left'])

  @target.linux_only('a device of Linux, and a shell')
  def test_a_ready_line_that_cannot_be_written_ends_it(self):
    event = '"event":"cannot write the READY line"'
    self.assert_not_written('--memory', [event, 'No space left'])
    self.assert_not_written('--memory', [event], '>&-')
    reader, writer = os.pipe()
    os.close(reader)
    self.assert_not_written('--memory', [event, 'Broken pipe'], f'>&{writer}', pass_fds=[writer])
    os.close(writer)

  def assert_not_written(self, flag, texts, to='>/dev/full', **more):
    with tempfile.TemporaryDirectory(prefix='piperpc-e2e-') as folder:
      endpoint = target.endpoint(pathlib.Path(folder), 'x')
      result = subprocess.run(
          ['sh', '-c', f'exec "$0" "$@" {to}', *target.PIPERPCD, '--endpoint', endpoint, flag],
          stderr=subprocess.PIPE, text=True, timeout=programs.LIMIT, check=False, **more)
    self.assertEqual(result.returncode, 74, result.stderr)
    for text in texts:
      self.assertIn(text, result.stderr)

  @target.linux_only('the pipe of Wine cannot be filled from here')
  def test_a_ready_line_that_nobody_reads_yet_is_logged_and_the_server_goes_on(self):
    folder = programs.new_folder()
    self.addCleanup(shutil.rmtree, folder, ignore_errors=True)
    reader, writer = programs.full_pipe()
    endpoint = target.endpoint(pathlib.Path(folder), 'full')
    daemon = subprocess.Popen([*target.PIPERPCD, '--memory', '--endpoint', endpoint],
                              stdout=writer, stderr=subprocess.PIPE, text=True)
    self.addCleanup(daemon.kill)
    log = programs.Lines(daemon.stderr)
    log.until('nobody reads the READY line')
    daemon.send_signal(signal.SIGTERM)
    self.assertEqual(daemon.wait(programs.LIMIT), 0)
    log.rest()
    os.close(reader)
    os.close(writer)

  @target.with_few_threads_only
  def test_without_threads_it_says_so(self):
    codes = []
    while not codes or codes[-1] != 74:
      with tempfile.TemporaryDirectory(prefix='piperpc-e2e-') as folder:
        endpoint = target.endpoint(pathlib.Path(folder), 'x')
        result = subprocess.run(
            ['sh', '-c', 'exec "$0" "$@" >/dev/full', *target.PIPERPCD, '--endpoint', endpoint,
             '--memory'], stderr=subprocess.PIPE, text=True, timeout=programs.LIMIT, check=False,
            env=target.environment(**target.few_threads(len(codes))))
      codes.append(result.returncode)
      self.assertIn(codes[-1], (1, 74), result.stderr)
      self.assertRegex(result.stderr, 'cannot start |cannot write the READY line')
      self.assertLess(len(codes), 20)
    self.assertIn(1, codes)

  def test_help_and_version(self):
    self.assertIn('--data-dir', self.refused('--help').stdout)
    self.assertRegex(self.refused('--version').stdout, r'^piperpcd \d')


if __name__ == '__main__':
  unittest.main()
