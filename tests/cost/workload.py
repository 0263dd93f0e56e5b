"""Runs cost_program, one side of it or both under a tool that counts. Every wait is bounded.

Both sides share a processor and take turns on it: one goes on until it waits for the other. So
what happens does not depend on which of them is faster, and the tool makes its side very slow.
"""

import contextlib
import os
import pathlib
import subprocess
import tempfile
import threading

LIMIT = 60  # Seconds for one program; far above what any takes.


def take_turns():
  """For this process and those that it starts from now on."""
  processors = sorted(os.sched_getaffinity(0))
  os.sched_setaffinity(0, {processors[os.getpid() % len(processors)]})
  os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))  # A wake-up preempts nobody.


@contextlib.contextmanager
def folder():
  with tempfile.TemporaryDirectory(prefix='piperpc-cost-') as name:
    yield pathlib.Path(name)


@contextlib.contextmanager
def running(command):
  """A program that reads standard input to its end, and has said READY; it ends in order."""
  process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE,
                             stdout=subprocess.PIPE, text=True)
  watchdog = threading.Timer(LIMIT, process.kill)
  watchdog.start()
  try:
    if process.stdout.readline() != 'READY\n':
      raise RuntimeError(f'the server did not start: {command}')
    yield process
    process.stdin.close()
    if process.wait() != 0:
      raise RuntimeError(f'the server ended with {process.returncode}: {command}')
  finally:
    watchdog.cancel()
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def run(command):
  subprocess.run([str(word) for word in command], timeout=LIMIT, check=True)


def run_both(program, backend, kind, count, tools, *more):
  """`count` calls, or messages, of a kind. `tools`: what stands before the command of 'client' or
  'server', or of both; `more`: of the client's arguments."""
  with folder() as scratch:
    endpoint = scratch / 's.sock'
    with running([*tools.get('server', ()), program, 'serve', endpoint, backend]):
      run([*tools.get('client', ()), program, kind, endpoint, backend, count, *more])


def backend_refusal(program, backend):
  """What the system says when it does not let a server have `backend`; empty when it does."""
  with folder() as scratch:
    tried = subprocess.run([program, 'serve', scratch / 's.sock', backend], capture_output=True,
                           stdin=subprocess.DEVNULL, text=True, timeout=LIMIT, check=False)
    return '' if tried.returncode == 0 else tried.stderr.strip() or f'no {backend} here'
