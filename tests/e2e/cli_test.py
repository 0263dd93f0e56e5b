#!/usr/bin/python3
"""The command line against the real server."""

import contextlib
import fcntl
import json
import os
import pathlib
import pty
import re
import resource
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import termios
import time
import unittest

import programs
import target
from programs import (LOGIN, PUBLISH, SUBSCRIBE, UPPERCASE, UPPERCASE_LINES, WHO_AM_I, Process,
                      Server, replies)

OK, CANCELLED, INVALID_ARGUMENT, DEADLINE_EXCEEDED = 0, 1, 3, 4
NOT_FOUND, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL = 5, 8, 12, 13
UNAVAILABLE, UNAUTHENTICATED = 14, 16
USAGE, IO, INTERRUPTED, NO_READER = 64, 74, 130, 141


class CliTest(unittest.TestCase):

  @classmethod
  def setUpClass(cls):
    cls.server = Server('--memory')

  @classmethod
  def tearDownClass(cls):
    code = cls.server.stop()
    cls.server.remove()
    assert code == 0, f'piperpcd ended with {code}'

  def assert_ended(self, result, code, *texts):
    self.assertEqual(result.returncode, code, result.stderr)
    for text in texts:
      self.assertIn(text, result.stderr)

  def assert_replied(self, result, *expected):
    self.assertEqual(result.returncode, OK, result.stderr)
    self.assertEqual(replies(result.stdout), list(expected))

  def at_a_terminal(self, *arguments, **env):
    """Starts a piperpc at a terminal of its own; its process, and what it shows."""
    child, terminal = pty.fork()
    if child == 0:
      os.execve(target.PIPERPC[0], [*target.PIPERPC, *arguments], self.server.environment(**env))
    return child, terminal

  def read_until(self, terminal, text):
    shown = b''
    while text not in shown:
      ready = programs.wait_readable(terminal)
      self.assertTrue(ready, shown)
      shown += os.read(terminal, 1024)
    return shown


class DiscoveryTest(CliTest):

  def test_list_names_all_services(self):
    result = self.server.run('list')
    self.assertEqual(result.returncode, OK, result.stderr)
    self.assertEqual(result.stdout.splitlines(), [
        'auth.v1.AuthService', 'notify.v1.NotifyService', 'piperpc.v1.HealthService',
        'piperpc.v1.ReflectionService', 'piperpc.v1.StatsService', 'upper.v1.UpperService'])

  def test_status_shows_who_is_connected_and_what_was_called(self):
    self.assert_replied(self.server.run_as('status', 'call', UPPERCASE, 'text=a'), {'text': 'A'})
    result = self.server.run('status')
    self.assertEqual(result.returncode, OK, result.stderr)
    self.assertRegex(result.stdout, r'server +pid \d+, ')
    self.assertRegex(result.stdout, r'connections +\d+ accepted, 0 refused')
    self.assertRegex(result.stdout, r'PID +USER +CONNECTED +CALLS')
    self.assertRegex(result.stdout, UPPERCASE + r' +[1-9]\d* +0 +\d+ ')

  def test_describe_shows_methods_messages_and_access_rules(self):
    result = self.server.run('describe', 'upper.v1.UpperService')
    self.assertEqual(result.returncode, OK, result.stderr)
    for text in ('rpc Uppercase(', 'requires_login: true', 'message UppercaseRequest {'):
      self.assertIn(text, result.stdout)

  def test_describe_without_a_symbol_shows_every_service(self):
    result = self.server.run('describe')
    self.assertEqual(result.returncode, OK, result.stderr)
    self.assertIn('service NotifyService {', result.stdout)
    self.assertIn('service HealthService {', result.stdout)

  def test_describe_knows_messages_by_name(self):
    result = self.server.run('describe', 'notify.v1.Event')
    self.assertIn('uint64 sequence = 1;', result.stdout)

  def test_describe_of_nothing_is_not_found(self):
    self.assert_ended(self.server.run('describe', 'no.such.Thing'), NOT_FOUND, 'NOT_FOUND',
                      'no.such.Thing')

  def test_wait_succeeds_at_once_when_the_server_is_ready(self):
    self.assert_ended(self.server.run('wait', '--timeout', '30s'), OK)

  def test_help_and_version_need_no_server(self):
    self.assertIn('call SERVICE/METHOD', self.server.run('help').stdout)
    self.assertRegex(self.server.run('--version').stdout, r'^piperpc \d')

  def test_the_help_of_one_command(self):
    for words in (('help', 'wait'), ('wait', '--help')):
      result = self.server.run(*words)
      self.assert_ended(result, OK)
      self.assertTrue(result.stdout.startswith('piperpc wait [SERVICE]'), result.stdout)
      self.assertNotIn('piperpc list', result.stdout)
    self.assertIn('field=value words', self.server.run('help', 'call').stdout)

  def test_the_help_of_a_session_has_its_commands(self):
    text = self.server.run('help', 'session').stdout
    for command in ('start SERVICE/METHOD', 'send TAG', 'end TAG', 'stop TAG', 'login NAME', 'quit'):
      self.assertIn(f'  {command}', text)

  def test_words_that_help_and_version_have_no_use_for_are_refused(self):
    self.assert_ended(self.server.run('version', 'extra'), USAGE, 'unexpected argument "extra"')
    self.assert_ended(self.server.run('help', 'call', 'x'), USAGE, 'unexpected argument "x"')
    self.assert_ended(self.server.run('help', 'nothing'), USAGE, 'unknown command "nothing"')

  def test_who_is_not_logged_in_learns_how_to(self):
    refused = self.server.run('call', UPPERCASE, 'text=x')
    self.assert_ended(refused, UNAUTHENTICATED, '--user NAME')
    session = self.server.run('session', stdin=f'call {UPPERCASE} text=x\n')
    self.assert_ended(session, UNAUTHENTICATED, 'login NAME')

  def test_a_reply_that_is_too_large_names_the_flag(self):
    with tempfile.NamedTemporaryFile('w', suffix='.json', encoding='utf-8') as request:
      json.dump({'text': 'x' * 100000}, request)
      request.flush()
      refused = self.server.run_as('ana', '--max-message', '64KiB', 'call', UPPERCASE,
                                   '@' + target.path(pathlib.Path(request.name)))
    self.assert_ended(refused, RESOURCE_EXHAUSTED, '--max-message SIZE')


class HelpTest(unittest.TestCase):

  ROOT = pathlib.Path(__file__).resolve().parents[2]

  def test_the_readmes_tables_say_of_each_flag_what_the_help_says(self):
    for program, folder in ((target.PIPERPC, 'piperpc'), (target.PIPERPCD, 'piperpcd')):
      text = subprocess.run([*program, '--help'], capture_output=True, text=True, encoding='utf-8',
                            timeout=programs.LIMIT, check=True, env=target.environment()).stdout
      flags = re.findall(r'^  (--[a-z-]+(?: [A-Z=]+)?)  ', text, re.MULTILINE)
      defaults = dict(re.findall(r'^  (--[a-z-]+ [A-Z=]+)  .*(\(default [^()]+\))$', text,
                                 re.MULTILINE))
      self.assertEqual([flag for flag in flags if ' ' in flag], list(defaults))
      readme = (self.ROOT / 'tools' / folder / 'README.md').read_text(encoding='utf-8')
      rows = dict(re.findall(r'^\| `(--[^`]+)` \| (.*) \|$', readme, re.MULTILINE))
      self.assertEqual(list(rows), [flag for flag in flags if flag not in ('--help', '--version')])
      for flag, default in defaults.items():
        self.assertIn(default, rows[flag], flag)


class RequestFormsTest(CliTest):

  def upper(self, *words, **more):
    return self.server.run_as('forms', 'call', UPPERCASE, *words, **more)

  def test_field_value(self):
    self.assert_replied(self.upper('text=straße'), {'text': 'STRASSE'})

  def test_json(self):
    self.assert_replied(self.upper('{"text": "a\\"b"}'), {'text': 'A"B'})

  def test_standard_input(self):
    self.assert_replied(self.upper('-', stdin='{\n "text": "x"\n}\n'), {'text': 'X'})

  def test_file(self):
    with tempfile.NamedTemporaryFile('w', suffix='.json') as file:
      file.write('{"text": "from a file"}')
      file.flush()
      self.assert_replied(self.upper('@' + target.path(file.name)), {'text': 'FROM A FILE'})

  def test_empty_request(self):
    self.assert_replied(self.server.run_as('forms', 'call', WHO_AM_I), {'username': 'forms'})

  def test_stream_of_words(self):
    result = self.server.run_as('forms', 'call', UPPERCASE_LINES, '{"text":"a"}', '{"text":"b"}')
    self.assert_replied(result, {'text': 'A'}, {'text': 'B'})

  def test_stream_of_lines_from_standard_input(self):
    stdin = ''.join(f'{{"text":"line {i}"}}\n' for i in range(500))
    result = self.server.run_as('forms', 'call', UPPERCASE_LINES, stdin=stdin)
    self.assert_replied(result, *({'text': f'LINE {i}'} for i in range(500)))

  def test_pretty_reply_has_several_lines(self):
    result = self.server.run_as('forms', '--pretty', 'call', WHO_AM_I)
    self.assertGreater(len(result.stdout.splitlines()), 1)

  def test_metadata_travels(self):
    self.assert_ended(self.server.run('--metadata', 'trace-id=7', 'list'), OK)


class MistakesTest(CliTest):

  def test_malformed_json(self):
    result = self.server.run_as('mistake', 'call', UPPERCASE, '{"text": ')
    self.assert_ended(result, USAGE, 'piperpc: the JSON is not a valid upper.v1.UppercaseRequest')

  def test_malformed_json_is_told_in_one_line_with_its_place(self):
    with tempfile.NamedTemporaryFile('w', suffix='.json') as file:
      file.write('{\n  "text": "a"\n  "more": 1\n}\n')
      file.flush()
      result = self.server.run('call', UPPERCASE, '@' + target.path(file.name))
    self.assert_ended(result, USAGE, ': Expected , or } after key:value pair, at line 3, column 3: '
                      '"more": 1\n')
    self.assertNotIn('\\n', result.stderr)
    self.assertEqual(len(result.stderr.splitlines()), 1)

  def test_malformed_line_of_a_stream(self):
    stdin = '{"text":"a"}\nnot json\n'
    result = self.server.run_as('mistake', 'call', UPPERCASE_LINES, stdin=stdin)
    self.assert_ended(result, USAGE, 'piperpc: standard input, line 2: the JSON is not a valid ',
                      'at column 1: not json')

  def test_unknown_field(self):
    self.assert_ended(self.server.run('call', UPPERCASE, 'words=x'), USAGE, 'no field words')

  def test_unknown_method_names_those_there_are(self):
    self.assert_ended(self.server.run('call', 'upper.v1.UpperService/Lowercase'), UNIMPLEMENTED,
                      'UNIMPLEMENTED', 'Uppercase, UppercaseLines')

  def test_unknown_service(self):
    self.assert_ended(self.server.run('call', 'no.Such/Thing'), UNIMPLEMENTED, 'no.Such')

  def test_a_service_in_place_of_a_method_is_answered_with_its_methods(self):
    text = ('upper.v1.UpperService is a service, not a method; it has '
            'upper.v1.UpperService/Uppercase, upper.v1.UpperService/UppercaseLines')
    self.assert_ended(self.server.run('call', 'upper.v1.UpperService'), USAGE, 'piperpc: ' + text)
    result = self.server.run('session', stdin='start upper.v1.UpperService\n')
    self.assert_ended(result, USAGE, 'line 1: ' + text)

  def test_an_unknown_service_is_told_at_once_with_those_there_are(self):
    for code, *arguments in ((NOT_FOUND, 'wait', 'no.Such'), (NOT_FOUND, 'describe', 'no.Such'),
                             (UNIMPLEMENTED, '--wait', 'call', 'no.Such/Thing')):
      self.assert_ended(self.server.run(*arguments, '--timeout', '1h'), code, '"no.Such"',
                        'on this server; it has the services auth.v1.AuthService, ')

  def test_not_even_a_method(self):
    self.assert_ended(self.server.run('call', 'word'), USAGE, 'SERVICE/METHOD')

  def test_no_login(self):
    self.assert_ended(self.server.run('call', UPPERCASE, 'text=a'), UNAUTHENTICATED,
                      'piperpc: UNAUTHENTICATED: ')

  def test_wrong_password(self):
    self.assert_ended(self.server.run_as('careful', 'call', WHO_AM_I), OK)
    result = self.server.run_as('careful', 'call', WHO_AM_I, password='guess')
    self.assert_ended(result, UNAUTHENTICATED, 'UNAUTHENTICATED')
    self.assertNotIn('guess', result.stderr)

  def test_password_on_the_command_line_is_refused(self):
    self.assert_ended(self.server.run('--user', 'a', '--password', 'b', 'list'), USAGE,
                      'unknown flag --password')

  def test_password_file_that_is_not_there(self):
    result = self.server.run('--user', 'a', '--password-file', '/nowhere/p', 'call', WHO_AM_I)
    self.assert_ended(result, IO, '/nowhere/p')

  def test_a_folder_in_place_of_a_file(self):
    folder = target.path(self.server.folder)
    for arguments in (('call', UPPERCASE, '@' + folder),
                      ('--user', 'a', '--password-file', folder, 'call', WHO_AM_I)):
      self.assert_ended(self.server.run(*arguments), IO, 'piperpc: cannot read ', 'folder')

  @target.linux_only('a device of Linux')
  def test_a_password_file_without_an_end(self):
    result = self.server.run('--user', 'a', '--password-file', '/dev/zero', 'call', WHO_AM_I)
    self.assert_ended(result, IO, 'piperpc: cannot read /dev/zero: it has more than 65536 bytes')

  @target.linux_only('pipes with names in folders')
  def test_ctrl_c_ends_the_wait_for_a_pipe_that_nobody_writes_to(self):
    pipe = self.server.folder / 'pipe'
    os.mkfifo(pipe)
    caller = self.server.start('session')
    caller.write('list', f'call {UPPERCASE} @{pipe}')
    caller.out.until('upper')
    caller.interrupt()
    self.assertEqual(caller.process.wait(programs.LIMIT), INTERRUPTED)
    caller.finish()

  @target.linux_only('arguments are UTF-16 on Windows')
  def test_text_that_is_no_utf8_is_not_sent(self):
    text = os.fsdecode(b'text=\xff')
    self.assert_ended(self.server.run('call', UPPERCASE, text), USAGE,
                      'field text is not valid UTF-8')

  @target.linux_only('Windows does not open a folder')
  def test_standard_input_that_cannot_be_read_is_told_with_the_reason(self):
    folder = os.open(self.server.folder, os.O_RDONLY)
    self.addCleanup(os.close, folder)
    for arguments in (('session',), ('call', UPPERCASE, '-'), ('call', UPPERCASE_LINES)):
      result = subprocess.run(
          [*target.PIPERPC, '--user', 'reader', '--register', *arguments], stdin=folder,
          capture_output=True, text=True, timeout=programs.LIMIT, check=False,
          env=self.server.environment(PIPERPC_PASSWORD='x'))
      self.assert_ended(result, IO, 'piperpc: cannot read standard input: Is a directory')

  def test_a_file_without_a_name(self):
    self.assert_ended(self.server.run('call', UPPERCASE, '@'), USAGE, '"@" does not name a file')

  @target.linux_only('Windows has no empty variables')
  def test_an_endpoint_that_is_an_empty_variable(self):
    result = self.server.run('list', PIPERPC_ENDPOINT='')
    self.assert_ended(result, USAGE, 'piperpc: PIPERPC_ENDPOINT is empty')
    self.assert_ended(self.server.run('list', '--endpoint', self.server.endpoint,
                                      PIPERPC_ENDPOINT=''), OK)

  def test_what_the_server_refuses(self):
    self.assert_ended(self.server.run('call', LOGIN, 'username=', 'password=x'), INVALID_ARGUMENT)

  def test_usage(self):
    for arguments in ((), ('dance',), ('--endpoint',), ('list', 'more'), ('--timeout=5', 'list'),
                      ('--endpoint=a b', 'list'), ('--endpoint=', 'list'), ('--user=', 'list'),
                      ('--backend=bogus', 'list'), ('--max-message=1', 'list'),
                      ('--register', 'call', WHO_AM_I)):
      self.assert_ended(self.server.run(*arguments), USAGE, 'piperpc: ')

  def test_timeout_ends_a_stream(self):
    result = self.server.run('--timeout', '300ms', 'call', SUBSCRIBE)
    self.assert_ended(result, DEADLINE_EXCEEDED, 'DEADLINE_EXCEEDED')
    # The server's word for it, or that of this side.
    self.assertRegex(result.stderr, r'the deadline has passed while .*, after \d+ ms')

  def until_the_time_is_enough(self, attempt):
    """Calls `attempt` with longer and longer times, until it says that one was enough for all that
    comes before the wait: that takes long on a busy machine."""
    for timeout in ('3s', '12s', '48s'):
      if attempt(timeout):
        return
    self.fail('no time was enough')

  def test_timeout_ends_the_wait_for_standard_input(self):
    def attempt(timeout):
      caller = self.server.start('--timeout', timeout, 'call', UPPERCASE, '-')
      caller.write('{"text":')
      self.assertEqual(caller.process.wait(programs.LIMIT), DEADLINE_EXCEEDED)
      caller.finish()
      self.assertEqual(len(caller.err.seen), 1, caller.err.seen)
      return re.search(r'^piperpc: the deadline has passed while reading standard input, '
                       r'after \d+ ms \(--timeout\)$', caller.err.seen[0])
    self.until_the_time_is_enough(attempt)

  def test_timeout_ends_a_stream_of_standard_input(self):
    def attempt(timeout):
      caller = self.server.start('--user', 'slow', '--register', '--timeout', timeout, 'call',
                                 UPPERCASE_LINES, PIPERPC_PASSWORD='x')
      caller.write('{"text":"a"}')
      replied = caller.out.next()
      self.assertEqual(caller.process.wait(programs.LIMIT), DEADLINE_EXCEEDED)
      caller.finish()
      return replied
    self.until_the_time_is_enough(attempt)

  @target.linux_only('pipes with names in folders')
  def test_timeout_ends_the_wait_for_a_pipe_that_nobody_writes_to(self):
    pipe = self.server.folder / 'silent pipe'
    os.mkfifo(pipe)
    held_open = self.server.folder / 'pipe held open'
    os.mkfifo(held_open)
    writer = os.open(held_open, os.O_RDWR)
    self.addCleanup(os.close, writer)
    def attempt(timeout):
      callers = []
      for path in (pipe, held_open):
        for arguments in (('call', UPPERCASE, f'@{path}'), ('call', UPPERCASE_LINES, f'@{path}'),
                          ('--user', 'a', '--password-file', path, 'call', WHO_AM_I)):
          callers.append((path, self.server.start('--timeout', timeout, *arguments)))
      for _, caller in callers:
        self.assertEqual(caller.finish(), DEADLINE_EXCEEDED)
      return all(f'the deadline has passed while reading {path}, after ' in
                 '\n'.join(caller.err.seen) for path, caller in callers)
    self.until_the_time_is_enough(attempt)

  @target.linux_only('pipes with names in folders')
  def test_timeout_is_that_of_each_line_of_a_session(self):
    pipe = self.server.folder / 'pipe of a line'
    os.mkfifo(pipe)
    def attempt(timeout):
      result = self.server.run('--timeout', timeout, 'session',
                               stdin=f'call {UPPERCASE} "@{pipe}"\nlist\n')
      self.assert_ended(result, DEADLINE_EXCEEDED, 'line 1: the deadline has passed while ')
      return ('while reading ' in result.stderr and 'line 2: ' not in result.stderr and
              'upper.v1.UpperService' in result.stdout)
    self.until_the_time_is_enough(attempt)

  def test_no_server(self):
    nobody = target.endpoint(self.server.folder, 'nobody')
    self.assert_ended(self.server.run('--endpoint', nobody, 'list'), UNAVAILABLE, 'UNAVAILABLE',
                      nobody)

  def test_wait_for_a_server_that_never_comes(self):
    nobody = target.endpoint(self.server.folder, 'nobody')
    result = self.server.run('--endpoint', nobody, 'wait', '--timeout', '300ms')
    self.assert_ended(result, DEADLINE_EXCEEDED, 'DEADLINE_EXCEEDED', nobody)

  def test_nobody_reads_the_output(self):
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [*target.PIPERPC, 'list'], stdout=writer, stderr=subprocess.PIPE, text=True,
        timeout=programs.LIMIT, check=False, env=self.server.environment())
    os.close(writer)
    self.assertEqual(process.returncode, NO_READER)
    self.assertEqual(process.stderr, '')


  @target.linux_only('a device of Linux')
  def test_a_full_disk_is_told_whatever_is_written(self):
    with open('/dev/full', 'w', encoding='utf-8') as full:
      for arguments in (('help',), ('--version',), ('list',), ('describe',), ('session',)):
        process = subprocess.run(
            [*target.PIPERPC, *arguments], input=f'start {SUBSCRIBE}\n', stdout=full,
            stderr=subprocess.PIPE, text=True, timeout=programs.LIMIT, check=False,
            env=self.server.environment())
        self.assert_ended(process, IO, 'piperpc: cannot write to standard output: No space left')


class InterruptTest(CliTest):

  def test_ctrl_c_cancels_a_subscription_and_keeps_what_came(self):
    subscriber = self.server.start('call', SUBSCRIBE)
    subscriber.out.until('subscribed')
    subscriber.interrupt()
    self.assertEqual(subscriber.finish(), INTERRUPTED)
    self.assertIn('CANCELLED', '\n'.join(subscriber.err.seen))

  def test_ctrl_c_ends_a_wait_for_standard_input(self):
    caller = self.server.start('--user', 'waiter', '--register', 'call', UPPERCASE_LINES,
                               PIPERPC_PASSWORD='x')
    caller.write('{"text":"a"}')
    caller.out.until('"A"')
    caller.interrupt()
    self.assertEqual(caller.process.wait(programs.LIMIT), INTERRUPTED)
    caller.finish()

  @target.linux_only('a socket of Linux')
  def test_ctrl_c_ends_the_wait_for_a_server_that_says_nothing(self):
    path = str(self.server.folder / 'silent.sock')
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as silent:
      silent.bind(path)
      os.chmod(path, 0o600)
      silent.listen(8)
      silent.settimeout(programs.LIMIT)
      caller = self.server.start('--endpoint', path, 'list')
      connection, _ = silent.accept()
      caller.interrupt()
      self.assertEqual(caller.process.wait(programs.LIMIT / 3), INTERRUPTED)
      caller.finish()
      connection.close()

  def test_ctrl_c_ends_the_wait_for_a_server_that_is_not_there(self):
    nobody = target.endpoint(self.server.folder, 'nobody')
    caller = self.server.start('--endpoint', nobody, '--wait', '--timeout', '10m', 'session')
    caller.write('help', 'list')
    caller.out.until('quit')  # The end of the help: the next line is the one that waits.
    caller.interrupt()
    self.assertEqual(caller.process.wait(programs.LIMIT), INTERRUPTED)
    caller.finish()

  @target.linux_only('Windows has no such signals')
  def test_a_signal_that_was_ignored_at_the_start_stays_ignored(self):
    ignored = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGUSR1)
    with programs.ignoring(*ignored):  # As nohup(1) does, and the `&` of a script.
      subscriber = self.server.start('call', SUBSCRIBE)
    subscriber.out.until('subscribed')
    for number in ignored:
      subscriber.process.send_signal(number)
    self.assert_ended(self.server.run('call', PUBLISH, 'text=afterwards'), OK)
    subscriber.out.until('afterwards')
    subscriber.process.terminate()
    self.assertEqual(subscriber.finish(), -signal.SIGTERM)

  @target.linux_only('a shell of Linux')
  def test_closed_standard_streams_are_errors(self):
    for closed, arguments in (('<&-', ['session']), ('<&-', ['call', UPPERCASE, '-']),
                              ('>&-', ['list'])):
      result = subprocess.run(
          ['/bin/sh', '-c', f'"$@" {closed}', 'sh', *target.PIPERPC, *arguments],
          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=programs.LIMIT,
          env=self.server.environment(), check=False)
      self.assert_ended(result, IO, 'piperpc: cannot ')

  def test_the_server_goes_on(self):
    self.assert_ended(self.server.run('wait'), OK)


class PasswordPromptTest(CliTest):

  def test_the_terminal_is_asked(self):
    self.log_in_at_the_terminal()

  @target.linux_only('the terminal under Wine echoes by itself, whatever the console is told')
  def test_the_terminal_shows_nothing_of_the_password(self):
    self.assertNotIn(b'typed secret', self.log_in_at_the_terminal())

  def log_in_at_the_terminal(self):
    """What the terminal has shown."""
    self.assert_ended(self.server.run_as('typist', 'call', WHO_AM_I, password='typed secret'), OK)
    child, terminal = self.at_a_terminal('--user', 'typist', 'call', WHO_AM_I)
    shown = self.read_until(terminal, b'Password for typist:')
    os.write(terminal, b'typed secret\r')
    shown += self.read_until(terminal, b'}')
    self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), OK, shown)
    os.close(terminal)
    return shown

  @target.linux_only('signals, and the modes of a terminal')
  def test_a_signal_leaves_the_terminal_as_it_was(self):
    sent = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2,
            signal.SIGALRM, signal.SIGVTALRM, signal.SIGPROF, signal.SIGIO, signal.SIGPWR,
            signal.SIGXCPU, signal.SIGSTKFLT, signal.SIGRTMIN, signal.SIGRTMIN + 1,
            signal.SIGRTMAX)
    faults = (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL,
              signal.SIGSYS, signal.SIGTRAP)
    for number in (signal.SIGINT, *sent, *faults):
      ours, theirs = pty.openpty()
      before = termios.tcgetattr(theirs)
      child = self.start_at(theirs, '--user', 'typist', 'call', WHO_AM_I)
      self.read_until(ours, b'Password for typist:')
      self.assertFalse(termios.tcgetattr(theirs)[3] & termios.ECHO)
      # A fault that comes from outside may find a sanitizer in the middle of its own work, which
      # then waits for itself; a program that waits for an answer is in nobody's work.
      self.wait_asleep(child)
      os.kill(child, number)
      code = self.exit_code(child, ours, number)
      if number in faults:  # A sanitizer makes another end of some.
        self.assertNotEqual(code, OK)
      else:
        self.assertEqual(code, INTERRUPTED if number == signal.SIGINT else -number)
      self.assertEqual(termios.tcgetattr(theirs), before)
      os.close(ours)
      os.close(theirs)

  @target.linux_only('the modes of a terminal')
  def test_timeout_ends_the_question_and_leaves_the_terminal_as_it_was(self):
    self.assert_ended(self.server.run_as('slow', 'call', WHO_AM_I), OK)
    for user, answers in (('slow', ()), ('stranger', (b'x\r',))):
      ours, theirs = pty.openpty()
      before = termios.tcgetattr(theirs)
      child = self.start_at(theirs, '--timeout', '2s', '--user', user, 'call', WHO_AM_I)
      shown = self.read_until(ours, b'Password for ')
      for answer in answers:
        os.write(ours, answer)
      self.assertIn(b'the deadline has passed while asking',
                    self.read_until(ours, b'at the terminal'), shown)
      code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
      self.assertEqual(code, DEADLINE_EXCEEDED)
      self.assertEqual(termios.tcgetattr(theirs), before)
      os.close(ours)
      os.close(theirs)

  @target.linux_only('the jobs of a shell')
  def test_ctrl_z_gives_the_terminal_back_and_fg_asks_again_in_silence(self):
    terminal = self.ask_in_a_shell()
    os.write(terminal, b'\x1a')
    self.read_until(terminal, b'Stopped')
    self.assertTrue(self.echoes(terminal))
    self.log_in_in_the_foreground(terminal)

  @target.linux_only('the jobs of a shell')
  def test_after_a_stop_that_no_program_can_take_it_asks_again_in_silence(self):
    terminal = self.ask_in_a_shell()
    os.killpg(os.tcgetpgrp(terminal), signal.SIGSTOP)
    self.read_until(terminal, b'Stopped')
    os.write(terminal, b'stty echo\r')
    self.log_in_in_the_foreground(terminal)

  @target.linux_only('the jobs of a shell')
  def test_in_the_background_it_leaves_the_terminal_to_the_shell(self):
    terminal = self.ask_in_a_shell()
    job = os.tcgetpgrp(terminal)
    os.write(terminal, b'\x1a')
    self.read_until(terminal, b'Stopped')
    os.write(terminal, b'bg; echo in the background\r')
    self.read_until(terminal, b'\nin the background')
    self.wait_stopped(job)  # Once more, by its wish for the terminal.
    self.assertTrue(self.echoes(terminal))
    self.log_in_in_the_foreground(terminal)

  @target.linux_only('the jobs of a shell')
  def test_ctrl_z_at_a_question_that_is_shown_asks_again(self):
    terminal = self.ask_in_a_shell('stranger')
    os.write(terminal, b'typed secret\r')
    self.read_until(terminal, b'register it? [y/N]')
    os.write(terminal, b'\x1a')
    self.read_until(terminal, b'Stopped')
    os.write(terminal, b'fg\r')
    self.read_until(terminal, b'register it? [y/N]')
    os.write(terminal, b'n\r')
    self.read_until(terminal, b'no user "stranger"')

  @target.linux_only('the jobs of a shell')
  def test_a_signal_ends_it_in_the_background_and_leaves_the_terminal_to_the_shell(self):
    for number in (signal.SIGTERM, signal.SIGPROF):  # Below the number of SIGCONT, and above.
      terminal = self.ask_in_a_shell()
      job = os.tcgetpgrp(terminal)
      os.write(terminal, b'\x1a')
      self.read_until(terminal, b'Stopped')
      os.killpg(job, number)
      os.killpg(job, signal.SIGCONT)
      self.wait_ended(job)
      self.assertTrue(self.echoes(terminal))

  def ask_in_a_shell(self, user='typist'):
    """The terminal of a shell whose job asks for a password."""
    child, terminal = pty.fork()
    if child == 0:
      os.execve('/bin/sh', ['sh', '-i'], self.server.environment(PS1='$ '))
    self.addCleanup(os.waitpid, child, 0)
    self.addCleanup(os.close, terminal)  # Hangs up, and so ends all of it.
    os.write(terminal, f'"{target.PIPERPC[0]}" --user {user} call {WHO_AM_I}\r'.encode())
    self.read_until(terminal, f'Password for {user}:'.encode())
    self.assertFalse(self.echoes(terminal))
    return terminal

  def log_in_in_the_foreground(self, terminal):
    self.assert_ended(self.server.run_as('typist', 'call', WHO_AM_I, password='typed secret'), OK)
    os.write(terminal, b'fg\r')
    self.read_until(terminal, b'Password for typist:')
    self.assertFalse(self.echoes(terminal))
    os.write(terminal, b'typed secret\r')
    self.assertNotIn(b'typed secret', self.read_until(terminal, b'}'))

  def exit_code(self, child, terminal, what):
    """Waits for the end of a process. Reads what its terminal shows: a full one holds it up."""
    shown = b''
    limit = time.monotonic() + programs.LIMIT
    while (ended := os.waitpid(child, os.WNOHANG))[0] == 0:
      if select.select([terminal], [], [], 0.02)[0]:
        shown += os.read(terminal, 4096)
      if time.monotonic() > limit:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        self.fail(f'{what} did not end it; the terminal shows {shown}')
    return os.waitstatus_to_exitcode(ended[1])

  def wait_asleep(self, process):
    limit = time.monotonic() + programs.LIMIT
    while '\nState:\tS' not in pathlib.Path(f'/proc/{process}/status').read_text('ascii'):
      self.assertLess(time.monotonic(), limit)

  def wait_stopped(self, process):
    limit = time.monotonic() + programs.LIMIT
    while '\nState:\tT' not in pathlib.Path(f'/proc/{process}/status').read_text('ascii'):
      self.assertLess(time.monotonic(), limit)

  def wait_ended(self, process):
    limit = time.monotonic() + programs.LIMIT
    status = pathlib.Path(f'/proc/{process}/status')
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
      while '\nState:\tZ' not in status.read_text('ascii'):
        self.assertLess(time.monotonic(), limit)

  def echoes(self, terminal):
    return bool(termios.tcgetattr(terminal)[3] & termios.ECHO)

  def start_at(self, terminal, *arguments):
    """A piperpc whose controlling terminal that is; its process."""
    child = os.fork()
    if child == 0:
      os.setsid()
      fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
      resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
      for stream in (0, 1, 2):
        os.dup2(terminal, stream)
      os.execve(target.PIPERPC[0], [*target.PIPERPC, *arguments], self.server.environment())
    return child

  def test_without_a_terminal_the_error_says_what_to_give(self):
    process = subprocess.run(
        [*target.PIPERPC, '--user', 'x', 'call', WHO_AM_I], capture_output=True, text=True,
        stdin=subprocess.DEVNULL, start_new_session=True, timeout=programs.LIMIT, check=False,
        env=self.server.environment())
    self.assert_ended(process, IO, '--password-file')


class RegistrationTest(CliTest):
  """A mistyped name does not become an account of its own."""

  def assert_unknown(self, user):
    result = self.server.run('--user', user, 'call', WHO_AM_I, PIPERPC_PASSWORD='secret')
    self.assert_ended(result, NOT_FOUND, f'NOT_FOUND: no user "{user}"', '--register')

  def assert_known(self, user, password):
    result = self.server.run('--user', user, 'call', WHO_AM_I, PIPERPC_PASSWORD=password)
    self.assert_replied(result, {'username': user})

  def converse(self, terminal, *exchanges):
    """Waits for each question and gives its answer."""
    for question, answer in exchanges:
      self.read_until(terminal, question)
      os.write(terminal, answer)

  def assert_child_ended(self, child, terminal, code, text):
    self.read_until(terminal, text)
    self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), code)
    os.close(terminal)

  def test_where_nobody_can_be_asked_a_new_name_is_refused(self):
    self.assert_unknown('amna')
    self.assert_unknown('amna')  # The first one did not register it.

  def test_the_flag_registers_and_later_logins_need_none(self):
    result = self.server.run('--user', 'nova', '--register', 'call', WHO_AM_I,
                             PIPERPC_PASSWORD='x')
    self.assert_replied(result, {'username': 'nova'})
    self.assert_known('nova', 'x')

  def test_a_line_of_a_script_is_refused_and_registers_with_the_same_word(self):
    result = self.server.run('session', stdin='login line\nlogin line --register\nlogin line\n',
                             PIPERPC_PASSWORD='secret')
    self.assert_ended(result, NOT_FOUND, 'line 1: no user "line"', '--register')
    self.assertEqual(replies(result.stdout), [{'registered': True}, {}])

  def test_the_flag_of_the_program_is_not_that_of_a_sessions_lines(self):
    result = self.server.run_as('owner', 'session', stdin='login owmer\n')
    self.assert_ended(result, NOT_FOUND, 'no user "owmer"')

  def test_a_person_who_says_yes_types_the_password_again(self):
    child, terminal = self.at_a_terminal('--user', 'newcomer', 'call', WHO_AM_I)
    self.converse(terminal, (b'Password for newcomer:', b'mine\r'), (b'register it?', b'y\r'),
                  (b'Password for newcomer, again:', b'mine\r'))
    self.assert_child_ended(child, terminal, OK, b'}')
    self.assert_known('newcomer', 'mine')

  @target.linux_only('the terminal under Wine is another')
  def test_a_person_who_says_anything_else_registers_nobody(self):
    for answer in (b'\r', b'n\r', b'yesterday\r', b'\x04'):
      child, terminal = self.at_a_terminal('--user', 'typo', 'call', WHO_AM_I)
      self.converse(terminal, (b'Password for typo:', b'mine\r'), (b'register it?', answer))
      self.assert_child_ended(child, terminal, NOT_FOUND, b'no user "typo"')
    self.assert_unknown('typo')

  @target.linux_only('the terminal under Wine is another')
  def test_ctrl_c_at_the_question_registers_nobody(self):
    child, terminal = self.at_a_terminal('--user', 'typo', 'call', WHO_AM_I)
    self.converse(terminal, (b'Password for typo:', b'mine\r'), (b'register it?', b'\x03'))
    self.assert_child_ended(child, terminal, INTERRUPTED, b'interrupted')
    self.assert_unknown('typo')

  @target.linux_only('the terminal under Wine is another')
  def test_two_passwords_that_differ_register_nobody(self):
    for flags, question in (((), ((b'register it?', b'y\r'),)), (('--register',), ())):
      child, terminal = self.at_a_terminal('--user', 'clumsy', *flags, 'call', WHO_AM_I)
      self.converse(terminal, (b'Password for clumsy:', b'mine\r'), *question,
                    (b'Password for clumsy, again:', b'mime\r'))
      self.assert_child_ended(child, terminal, USAGE, b'the two passwords differ')
    self.assert_unknown('clumsy')

  @target.linux_only('the terminal under Wine is another')
  def test_a_password_that_nobody_typed_is_not_asked_for_again(self):
    child, terminal = self.at_a_terminal('--user', 'known', 'call', WHO_AM_I, PIPERPC_PASSWORD='x')
    self.converse(terminal, (b'no user known; register it? [y/N]', b'Yes\r'))
    self.assert_child_ended(child, terminal, OK, b'}')
    self.assert_known('known', 'x')


def field(number, content):
  """A field of a message: text, bytes, or a message that is encoded."""
  content = content.encode() if isinstance(content, str) else content
  assert len(content) < 16384
  return bytes([number << 3 | 2, len(content) & 127 | 128, len(content) >> 7]) + content


@target.linux_only('a socket of Linux')
class OddServerTest(CliTest):

  HELLO = bytes.fromhex('02000000' '0801' '1e000000' '0d50525043' '1001' '1801' '20808008'
                        '2880808002' '3010' '388040' '40808010' '4a0178')

  def answer(self, reply, *arguments):
    """What a piperpc meets whose server gives `reply` to its first call."""
    path = str(self.server.folder / 'odd.sock')
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
      listener.bind(path)
      os.chmod(path, 0o600)
      listener.listen(8)
      listener.settimeout(programs.LIMIT)
      caller = self.server.start('--endpoint', path, *arguments)
      connection, _ = listener.accept()
    with connection:
      connection.settimeout(programs.LIMIT)
      connection.recv(65536)
      response = bytes.fromhex('04000000' '0805' '1001') + len(reply).to_bytes(4, 'little') + reply
      connection.send(self.HELLO + response)
      code = caller.finish()
    os.unlink(path)
    return code, caller.out.seen, caller.err.seen

  def test_an_ordinary_reply_is_understood(self):
    self.assertEqual(self.answer(b'\x0a\x01x', 'list'), (OK, ['x'], []))

  STEERING = '\x1b[2J\u202e\r\x07'  # Clears a screen, turns the direction, hides, rings.

  def assert_visible(self, *lines):
    """Nothing in them steers a terminal, though a part of STEERING is there."""
    self.assertIn('[2J', '\n'.join(lines))
    for line in lines:
      self.assertTrue(line.isprintable(), lines)

  def test_list_shows_controls_in_the_names_of_a_hostile_server(self):
    code, lines, errors = self.answer(field(1, 'a' + self.STEERING), 'list')
    self.assertEqual((code, len(lines)), (OK, 1), errors)
    self.assert_visible(*lines)

  def test_describe_shows_controls_in_the_definitions_of_a_hostile_server(self):
    optional_string = bytes.fromhex('1801' '2001' '2809')  # Its number is 1.
    text = field(1, 'f') + optional_string + field(7, self.STEERING) + field(10, self.STEERING)
    file = field(1, 'f' + self.STEERING) + field(2, 't') + field(4, field(1, 'T') + field(2, text))
    code, lines, errors = self.answer(field(1, file), 'describe', 't.T')
    self.assertEqual(code, OK, errors)
    self.assert_visible(*lines)

  def test_describe_shows_controls_in_the_faults_of_a_hostile_server(self):
    message = field(4, field(1, 'T' + self.STEERING))
    for file in (field(1, 'f') + message, field(1, 'f' + self.STEERING) + message + message):
      code, lines, errors = self.answer(field(1, file), 'describe', 't.T')
      self.assertEqual((code, lines), (INTERNAL, []))
      self.assert_visible(*errors)

  def test_lines_of_the_library_underneath_are_like_its_own(self):
    code, _, errors = self.answer(b'\x0a\x01\xff', 'list')
    self.assertEqual(code, INTERNAL, errors)
    self.assertIn('UTF-8', '\n'.join(errors))
    for line in errors:
      self.assertTrue(line.startswith('piperpc: '), errors)


@target.with_few_threads_only
class FewThreadsTest(CliTest):

  def run_with_more_and_more(self, *arguments, **more):
    """The results, until one is well. The others say what there was no thread for."""
    results = []
    while not results or results[-1].returncode != OK:
      results.append(self.server.run(*arguments, **more, **target.few_threads(len(results))))
      if results[-1].returncode != OK:
        self.assertIn(results[-1].returncode, (RESOURCE_EXHAUSTED, IO), results[-1].stderr)
        self.assertIn('cannot start ', results[-1].stderr)
      self.assertLess(len(results), 20)
    return results

  def test_without_one_for_signals_it_ends_at_once(self):
    self.assert_ended(self.server.run('list', **target.few_threads(0)), IO,
                      'piperpc: cannot start the thread that waits for signals')

  def test_a_command_ends_with_what_there_was_no_thread_for(self):
    self.run_with_more_and_more('list')
    results = self.run_with_more_and_more('--user', 'few', '--register', 'call', UPPERCASE_LINES,
                                          stdin='{"text":"a"}\n', PIPERPC_PASSWORD='x')
    self.assertIn('the thread that sends requests', ''.join(each.stderr for each in results))

  def test_a_session_goes_on_without_a_stream(self):
    results = self.run_with_more_and_more('session', stdin=f'start {SUBSCRIBE}\nlist\n')
    refused = [each for each in results if 'start the thread of a stream' in each.stderr]
    self.assertTrue(refused)
    for result in refused:
      self.assertEqual(result.stderr.count('piperpc: '), 1, result.stderr)
      self.assertIn('upper.v1.UpperService', result.stdout)

  def test_a_session_goes_on_without_a_thread_for_the_time_of_a_line(self):
    results = self.run_with_more_and_more(
        '--timeout', '10m', '--user', 'few', '--register', 'session', PIPERPC_PASSWORD='x',
        stdin=f'start {UPPERCASE_LINES}\nend s1\nlist\n')
    refused = [each for each in results if 'start the thread that watches the time' in each.stderr]
    self.assertTrue(refused)
    for result in refused:
      self.assertIn('upper.v1.UpperService', result.stdout)


@target.linux_only('a socket of Linux')
class RestartTest(unittest.TestCase):
  """A server that ends and comes again while it is waited for."""

  def setUp(self):
    self.folder = programs.new_folder()
    self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
    self.endpoint = target.endpoint(pathlib.Path(self.folder), 'server')

  def start(self, *arguments):
    process = Process([*target.PIPERPC, '--endpoint', self.endpoint, *arguments])
    self.addCleanup(process.discard)
    return process

  def serve(self):
    server = Server('--memory', folder=self.folder)
    self.addCleanup(server.remove)
    return server

  @contextlib.contextmanager
  def dying_server(self):
    """What takes connections and closes them at once; gives the way to do one, within a limit."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
      listener.bind(self.endpoint)
      os.chmod(self.endpoint, 0o600)
      listener.listen(8)

      def close_one(limit=programs.LIMIT):
        listener.settimeout(limit)
        listener.accept()[0].close()

      yield close_one
    os.unlink(self.endpoint)

  def assert_outlasts_a_dying_server(self, *arguments):
    with self.dying_server() as close_one:
      caller = self.start(*arguments)
      for _ in range(10):  # More than what the library itself tries again.
        close_one()
    server = self.serve()
    self.assertEqual(caller.finish(), OK, caller.err.seen)
    self.assertEqual(server.stop(), 0)
    return '\n'.join(caller.out.seen)

  def test_wait_goes_on(self):
    self.assert_outlasts_a_dying_server('wait', '--timeout', '5m')

  def test_wait_for_a_service_goes_on(self):
    self.assert_outlasts_a_dying_server('wait', 'auth.v1.AuthService', '--timeout', '5m')

  def test_other_commands_go_on_with_the_flag(self):
    self.assertIn('upper.v1.UpperService',
                  self.assert_outlasts_a_dying_server('--wait', '--timeout', '5m', 'list'))
    self.assertIn('service UpperService {',
                  self.assert_outlasts_a_dying_server('--wait', '--timeout', '5m', 'describe'))

  def test_a_sessions_lines_go_on_with_the_flag(self):
    server = self.serve()
    session = self.start('--wait', '--timeout', '5m', 'session')
    for line in (f'call {PUBLISH} text=a', f'start {SUBSCRIBE}'):  # Their schema is known then.
      session.write(line)
    session.out.until('"subscribed"')
    for line, reply in ((f'call {PUBLISH} text=b', '{'), (f'call {SUBSCRIBE}', '"subscribed"')):
      self.assertEqual(server.stop(), 0)
      with self.dying_server() as close_one:
        session.write(line)
        for _ in range(10):
          close_one()
      server = self.serve()
      session.out.until(reply)

  def test_ctrl_c_ends_the_wait_at_once(self):
    for arguments in (('wait',), ('--wait', 'list')):
      with self.dying_server() as close_one:
        caller = self.start('--timeout', '10m', *arguments)
        for _ in range(10):
          close_one()
        caller.interrupt()
        self.assertEqual(caller.process.wait(programs.LIMIT), INTERRUPTED, caller.err.seen)

  def test_ctrl_c_ends_the_wait_of_a_sessions_line(self):
    with self.dying_server() as close_one:
      session = self.start('--wait', '--timeout', '10m', 'session')
      session.write('list')
      for _ in range(10):
        close_one()
      session.interrupt()
      self.assertEqual(session.process.wait(programs.LIMIT), INTERRUPTED, session.err.seen)

  def test_the_wait_ends_with_its_time(self):
    for arguments in (('wait',), ('--wait', 'list')):
      with self.dying_server() as close_one:
        caller = self.start('--timeout', '2s', *arguments)
        while caller.process.poll() is None:
          with contextlib.suppress(TimeoutError):
            close_one(limit=0.1)
        self.assertEqual(caller.finish(), DEADLINE_EXCEEDED, caller.err.seen)


class SessionTest(CliTest):

  def test_login_uppercase_and_notifications_on_one_connection(self):
    session = self.server.start('session', PIPERPC_PASSWORD='secret')
    session.write(f'start {SUBSCRIBE}')
    session.out.until('"subscribed"')
    session.write('login sara --register')
    session.out.until('"userLoggedIn":{"username":"sara"}')
    session.write(f'call {UPPERCASE} text="two words"', f'call {UPPERCASE} {{"text": "a b"}}')
    session.out.until('"TWO WORDS"')
    session.out.until('"A B"')
    session.write(f'call {PUBLISH} text=hello')
    session.out.until('"message":{"author":"sara","text":"hello"}')
    session.write('stop s1')
    session.out.until('{"stream":"s1","status":"CANCELLED"')
    session.write('quit')
    self.assertEqual(session.finish(), OK, session.err.seen)

  def test_a_stream_both_ways(self):
    session = self.server.start('--user', 'both', '--register', 'session',
                                PIPERPC_PASSWORD='secret')
    session.write(f'start {UPPERCASE_LINES}', 'send s1 text=one')
    session.out.until('{"stream":"s1","message":{"text":"ONE"}}')
    session.write('send s1 {"text":"two"}', 'end s1')
    session.out.until('{"stream":"s1","message":{"text":"TWO"}}')
    session.out.until('{"stream":"s1","status":"OK"}')
    self.assertEqual(session.finish(), OK, session.err.seen)

  def test_a_line_that_fails_counts_but_does_not_end_the_session(self):
    result = self.server.run('session', stdin=(
        f'# a script\ncall {UPPERCASE} text=a\nnonsense\nlogin ines --register\n'
        f'call {WHO_AM_I}\n'),
                             PIPERPC_PASSWORD='secret')
    self.assert_ended(result, UNAUTHENTICATED, 'line 2: ', 'line 3: unknown command "nonsense"')
    self.assertEqual(replies(result.stdout), [{'registered': True}, {'username': 'ines'}])

  def test_a_wrong_number_of_words_is_answered_with_the_commands_usage(self):
    usages = {
        'call': 'call SERVICE/METHOD [REQUEST...]', 'start': 'start SERVICE/METHOD [REQUEST...]',
        'send': 'send TAG [REQUEST]', 'end': 'end TAG', 'end s1 x': 'end TAG',
        'stop': 'stop TAG', 'stop s1 x': 'stop TAG', 'list x': 'list',
        'describe a x': 'describe [SYMBOL]', 'help x': 'help', 'quit x': 'quit',
        'login': 'login NAME [--password-file FILE] [--register]',
        'login ana x --register': 'login NAME [--password-file FILE] [--register]',
        'login ana --nothing': 'login NAME [--password-file FILE] [--register]'}
    result = self.server.run('session', stdin='\n'.join(usages) + '\nlogin ana\n',
                             PIPERPC_PASSWORD='secret')
    errors = result.stderr.splitlines()
    self.assertEqual(len(errors), len(usages) + 1, errors)
    for error, (line, usage) in zip(errors, usages.items()):
      self.assertIn(f': {line.split()[0]}: ', error)
      self.assertTrue(error.endswith('; usage: ' + usage), error)
    self.assertIn('no user "ana"', errors[-1])  # The lines before registered nobody.

  def test_list_and_describe_and_help(self):
    result = self.server.run('session', stdin='list\ndescribe auth.v1.LoginRequest\nhelp\n')
    self.assertEqual(result.returncode, OK, result.stderr)
    for text in ('upper.v1.UpperService', 'string username = 1;', 'start SERVICE/METHOD'):
      self.assertIn(text, result.stdout)

  def test_a_stream_too_many_is_an_error_of_this_side(self):
    result = self.server.run('session', stdin=f'start {SUBSCRIBE}\n' * 65)
    self.assert_ended(result, USAGE, 'piperpc: line 65: the session has 64 streams')

  def test_streams_end_with_the_session(self):
    result = self.server.run('session', stdin=f'start {SUBSCRIBE}\n')
    self.assert_ended(result, OK)
    self.assertEqual(replies(result.stdout)[-1]['status'], 'CANCELLED')

  @target.linux_only('the terminal under Wine is another')
  def test_ctrl_c_at_the_prompt_clears_the_line_and_stays(self):
    child, terminal = self.at_a_terminal('session')
    shown = self.read_until(terminal, b'piperpc> ')
    os.write(terminal, b'nonsense \x03')
    shown += self.read_until(terminal, b'piperpc> ')
    os.write(terminal, b'list\rquit\r')
    shown += self.read_until(terminal, b'upper.v1')
    self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), OK, shown)
    self.assertNotIn(b'unknown command', shown)
    os.close(terminal)

  def test_ctrl_c_ends_a_script(self):
    session = self.server.start('session')
    session.write('list')
    session.out.until('upper')
    session.interrupt()
    self.assertEqual(session.process.wait(programs.LIMIT), INTERRUPTED)
    session.finish()


if __name__ == '__main__':
  unittest.main()
