"""A client that registers and logs in, and goes on when its server was killed and started again."""

import queue

import programs
import target

REGISTERED, RECOGNISED = '{"registered":true}', '{}'  # Answers to logins.

# The errors of a session go the way of its answers, so that each line has one answer, in order.
_ERRORS_AMONG_ANSWERS = ['sh', '-c', 'exec "$0" "$@" 2>&1']


class Registrar:
  """A `piperpc session`, with a connection of its own. One call at a time."""

  def __init__(self, server, *flags):
    self._process = programs.Process(
        [*_ERRORS_AMONG_ANSWERS, *target.PIPERPC, '--wait', *flags, 'session'],
        server.environment())
    self._lines = 0

  def connect(self):
    self._call('piperpc.v1.HealthService/Check')
    answer = self.answer()
    assert answer == '{"status":"SERVING_STATUS_SERVING"}', answer
    return self

  def register(self, user, password):
    """Begins a login that registers a new name, to be answered by REGISTERED."""
    self._call(programs.LOGIN, f'username={user}', f'password={password}')

  def log_in(self, user, password):
    """Begins a login that registers nobody, to be answered by RECOGNISED."""
    self._call(programs.LOGIN, f'username={user}', f'password={password}', 'existing_only=true')

  def answer(self, limit=programs.LIMIT):
    """The reply, or the error, to the call that was begun; None when none has come in time."""
    try:
      while (line := self._process.out.next(limit)) is not None:
        if line.startswith('{') or f' line {self._lines}: ' in line:
          return line
    except queue.Empty:
      return None
    raise AssertionError(f'the session has ended: {self._process.out.seen}')

  def discard(self):
    self._process.discard()

  def _call(self, *words):
    self._process.write(' '.join(['call', *words]))
    self._lines += 1
