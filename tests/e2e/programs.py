"""Starts the real piperpcd and piperpc, of this system or of Windows. Every wait is bounded."""

import contextlib
import json
import os
import pathlib
import queue
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

import target

LIMIT = 60  # Seconds; far above what anything takes, also with sanitizers on a busy machine.
LOGIN = 'auth.v1.AuthService/Login'
WHO_AM_I = 'auth.v1.AuthService/WhoAmI'
UPPERCASE = 'upper.v1.UpperService/Uppercase'
UPPERCASE_LINES = 'upper.v1.UpperService/UppercaseLines'
SUBSCRIBE = 'notify.v1.NotifyService/Subscribe'
PUBLISH = 'notify.v1.NotifyService/Publish'


# A script's `&` leaves Ctrl-C ignored, and the programs would, too.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
  signal.signal(signal.SIGINT, signal.default_int_handler)


@contextlib.contextmanager
def ignoring(*numbers):
  """What is started meanwhile has these signals ignored."""
  before = {number: signal.signal(number, signal.SIG_IGN) for number in numbers}
  try:
    yield
  finally:
    for number, handler in before.items():
      signal.signal(number, handler)


class Lines:
  """The lines of a pipe, read by a thread, so that a wait for one can end."""

  def __init__(self, pipe):
    self._pipe = pipe
    self._lines = queue.Queue()
    self.seen = []
    self._thread = threading.Thread(target=self._read, daemon=True)
    self._thread.start()

  def _read(self):
    for line in self._pipe:
      self._lines.put(line.rstrip('\n'))
    self._lines.put(None)

  def next(self, limit=LIMIT):
    """The next line; None at the end. queue.Empty: it has not come in time."""
    line = self._lines.get(timeout=limit)
    if line is None:
      self._lines.put(None)  # It stays the end.
    else:
      self.seen.append(line)
    return line

  def until(self, text):
    """The first line from here on that holds `text`."""
    while (line := self.next()) is not None:
      if text in line:
        return line
    raise AssertionError(f'{text!r} did not come: {self.seen}')

  def rest(self):
    """Reads to the end; the lines seen since the beginning."""
    if not self._pipe.closed:
      while self.next() is not None:
        pass
      self._thread.join(LIMIT)
      self._pipe.close()
    return self.seen


def check_runner(code):
  """Skips the test where Wine itself was ended by a signal of this system, as happens now and then
  to a program whose threads end just before it. Programs of Windows end with codes, also when they
  crash."""
  if target.WINDOWS and code < 0:
    raise unittest.SkipTest(f'Wine was ended by signal {-code}')


class Program(subprocess.Popen):
  """What the runner has to be asked about when it ends of itself."""

  killed = False

  def kill(self):
    self.killed = True
    super().kill()

  def wait(self, timeout=None):
    code = super().wait(timeout)
    if not self.killed:
      check_runner(code)
    return code


class Process:
  """A program under way, its output read line by line."""

  def __init__(self, arguments, env=None, pass_fds=()):
    self.process = Program(
        [str(argument) for argument in arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, encoding='utf-8', env=env, pass_fds=pass_fds)
    self.out = Lines(self.process.stdout)
    self.err = Lines(self.process.stderr)

  def write(self, *lines):
    for line in lines:
      self.process.stdin.write(line + '\n')
    self.process.stdin.flush()

  def interrupt(self):
    self.process.send_signal(signal.SIGINT)  # Under Wine, too: it becomes a Ctrl-C.

  def finish(self):
    """Closes standard input and waits; the exit code."""
    self._close_input()
    try:
      return self.process.wait(LIMIT)
    finally:
      self.discard()

  def discard(self):
    """Leaves nothing of it behind, whatever it is doing. Nothing when that was done before."""
    self.process.kill()
    self.process.wait()
    self._close_input()
    self.out.rest()
    self.err.rest()

  def _close_input(self):
    try:
      self.process.stdin.close()
    except BrokenPipeError:
      pass


class Server(Process):
  """A piperpcd with an endpoint of its own; ready when the constructor returns."""

  def __init__(self, *flags, folder=None):
    self.folder = pathlib.Path(folder or new_folder())
    self.endpoint = endpoint_in(self.folder)
    super().__init__(server_command(self.folder, *flags), target.environment())
    self.out.until('READY ')

  def stop(self):
    """Ends it in order; the exit code."""
    self.process.send_signal(target.END_SIGNAL)
    return self.finish()

  def remove(self):
    """Discards it, and its folder."""
    self.discard()
    shutil.rmtree(self.folder, ignore_errors=True)

  def environment(self, **more):
    return target.environment(**{'PIPERPC_ENDPOINT': self.endpoint, **more})

  def start(self, *arguments, **env):
    """Starts a piperpc and leaves it running."""
    return Process([*target.PIPERPC, *arguments], self.environment(**env))

  def run(self, *arguments, stdin='', **env):
    """Runs a piperpc to its end."""
    result = subprocess.run(
        [*target.PIPERPC, *[str(argument) for argument in arguments]], input=stdin,
        capture_output=True, text=True, encoding='utf-8', timeout=LIMIT,
        env=self.environment(**env), check=False)
    check_runner(result.returncode)
    return result

  def run_as(self, user, *arguments, password='secret', **more):
    """The same as a user, who is registered with that password if there is none of the name."""
    return self.run('--user', user, '--register', *arguments, PIPERPC_PASSWORD=password, **more)


def endpoint_in(folder):
  return target.endpoint(folder, 'server')


def server_command(folder, *flags):
  """What starts a piperpcd with its endpoint and its accounts in `folder`."""
  where = () if '--memory' in flags else ('--data-dir', target.path(folder / 'data'))
  return [*target.PIPERPCD, '--endpoint', endpoint_in(folder), *where, *flags]


def full_pipe():
  """Both ends of a pipe that takes no more, the one for reading first."""
  reader, writer = os.pipe()
  os.set_blocking(writer, False)
  with contextlib.suppress(BlockingIOError):
    while os.write(writer, b'x' * 4096):
      pass
  os.set_blocking(writer, True)
  return reader, writer


def new_folder():
  return tempfile.mkdtemp(prefix='piperpc-e2e-')


def wait_readable(file):
  """False when nothing has come within the limit."""
  return bool(select.select([file], [], [], LIMIT)[0])


def replies(text):
  """Standard output as the JSON lines that it is."""
  lines = text.splitlines() if isinstance(text, str) else text
  return [json.loads(line) for line in lines]
