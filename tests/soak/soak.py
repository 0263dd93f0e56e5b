"""Uses a piperpcd, and a server of methods of every type, in every way at once for a time, and tells
what that left behind: for tests/soak/run and for the tests."""

import collections
import json
import os
import queue
import random
import statistics
import subprocess
import threading
import time

import floods
import programs

SOAK = os.environ['PIPERPC_SOAK']

# For programs of ours with many threads: one heap, and large blocks outside of it. What is free then
# goes back to the system, and does not look like growth.
ONE_HEAP = {'MALLOC_ARENA_MAX': '1', 'MALLOC_MMAP_THRESHOLD_': '65536'}

WORKER_THREADS = '4'  # So few that all of them have been started when the load begins.

SAMPLE_SECONDS = 1
WARM_UP = 0.2  # Of the whole time: what is sampled in it does not count as growth.
SHORTEST_FOR_GROWTH = 60  # Seconds; below it a quarter is not enough to compare.

# What the last quarter may have more than the first one after the warm-up: memory, because blocks
# of all sizes come and go in another order each time, and clients hold what their calls happen to be
# at; latency, because others use the machine, too.
GROWTH, LEAST_GROWTH_MIB = 0.1, {'piperpcd': 4, 'server of every type': 4, 'clients': 16}
LATENCY_TIMES = {'p50_us': 2, 'p99_us': 3}

KILL_SECONDS = (0.3, 3)  # The life of a client that is killed, and the pause behind it.
COMMAND_SECONDS = (0.5, 3)
COMMANDS = (
    ('list',), ('describe', 'upper.v1.UpperService'), ('wait',),
    ('--user', 'command', '--register', 'call', programs.UPPERCASE, 'text=a command'),
    ('call', programs.PUBLISH, 'text=a command'),
)


class Program:
  """A program whose memory, descriptors and threads are looked at."""

  def __init__(self, name, process):
    self.name = name
    self.pid = process.process.pid
    self.process = process
    self.start = self.end = None
    self.samples = []

  def now(self):
    code = self.process.process.poll()
    if code is not None:
      raise AssertionError(f'{self.name} ended with {code}: {self.process.err.seen[-20:]}')
    return {'mib': round(floods.status_of(self.pid, 'VmRSS'), 1),
            'descriptors': len(os.listdir(f'/proc/{self.pid}/fd')),
            'threads': len(os.listdir(f'/proc/{self.pid}/task'))}

  def settled(self):
    """What it has when that stays as it is for a second: nobody uses it."""
    last, same = None, 0
    limit = time.monotonic() + programs.LIMIT
    while same < 10 and time.monotonic() < limit:
      time.sleep(0.1)
      now = self.now()
      same = same + 1 if last and self._same(now, last) else 0
      last = now
    return last

  def wait_until_as_at_start(self):
    """What it has when that is not more than at the start, or in the end."""
    limit = time.monotonic() + programs.LIMIT
    while True:
      self.end = self.now()
      if not self.more_than_at_start() or time.monotonic() > limit:
        return
      time.sleep(0.1)

  def more_than_at_start(self):
    return [what for what in ('descriptors', 'threads') if self.end[what] > self.start[what]]

  @staticmethod
  def _same(one, other):
    return all(one[what] == other[what] for what in ('descriptors', 'threads'))


class Helper(threading.Thread):
  """Does something again and again until it is ended; what is wrong is in `faults`."""

  def __init__(self, numbers, pauses):
    super().__init__()
    self.numbers = random.Random(numbers.getrandbits(32))  # Of its own, whoever is first.
    self.pauses = pauses
    self.counts = collections.Counter()
    self.faults = []
    self._end = threading.Event()

  def run(self):
    while not self.pause():
      try:
        self.act()
      except Exception as error:  # pylint: disable=broad-except
        self.faults.append(f'{type(self).__name__}: {error!r}')

  def pause(self):
    """True: it is the end."""
    return self._end.wait(self.numbers.uniform(*self.pauses))

  def end(self):
    self._end.set()
    self.join()


class Killer(Helper):
  """Kills clients that are in the middle of everything."""

  def __init__(self, numbers, start):
    super().__init__(numbers, KILL_SECONDS)
    self.start_client = start

  def act(self):
    client = self.start_client(self.numbers)
    try:
      client.write('begin')
      self.pause()
      if client.process.poll() is not None:
        self.faults.append(f'a client ended with {client.process.returncode} before it was killed')
    finally:
      client.discard()
    self.faults += client.err.seen
    self.counts['clients killed'] += 1


class Commander(Helper):
  """Runs piperpc."""

  def __init__(self, numbers, server):
    super().__init__(numbers, COMMAND_SECONDS)
    self.server = server

  def act(self):
    command = self.numbers.choice(COMMANDS)
    result = self.server.run(*command, PIPERPC_PASSWORD='secret')
    self.counts['commands'] += 1
    if result.returncode != 0:
      self.faults.append(f'piperpc {" ".join(command)}: {result.returncode} {result.stderr}')


class Soak:
  """The programs, from their start to remove()."""

  def __init__(self, backend, numbers):
    self.backend = backend
    self.numbers = numbers
    self.server = floods.FloodedServer(backend, '--worker-threads', WORKER_THREADS)
    self.started = [self.server]
    try:
      self._start_others()
    except BaseException:
      self.remove()
      raise

  def _start_others(self):
    self.shapes_endpoint = str(self.server.folder / 'shapes.sock')
    self.shapes = self._start('serve', self.shapes_endpoint, self.backend)
    subprocess.run([SOAK, 'warm', self.server.endpoint, self.backend], check=True,
                   timeout=programs.LIMIT)
    self.load = self.start_load(self.numbers)
    self.programs = [Program('piperpcd', self.server),
                     Program('server of every type', self.shapes),
                     Program('clients', self.load)]

  def _start(self, *arguments):
    process = programs.Process([SOAK, *arguments], {**os.environ, **ONE_HEAP})
    self.started.append(process)
    process.out.until('READY')
    return process

  def start_load(self, numbers):
    seed = str(numbers.getrandbits(32))
    return self._start('load', self.server.endpoint, self.shapes_endpoint, self.backend, seed)

  def start_victim(self, numbers):
    victim = self.start_load(numbers)
    self.started.remove(victim)  # Whoever kills it leaves nothing behind.
    return victim

  def remove(self):
    for process in self.started[1:]:
      process.discard()
    self.server.remove()

  def counts(self):
    """What came of the load, when it has ended."""
    try:
      return json.loads(self.load.out.next())
    except queue.Empty:
      raise AssertionError(f'calls have not ended after {programs.LIMIT} s') from None

  def seconds_of_others(self):
    """The processor time that was used by none of ours."""
    return (floods.seconds_of_machine() - floods.seconds_of_us()
            - sum(floods.seconds_of_process(program.pid) for program in self.programs))

  def log_faults(self):
    """What the server's log has that it must not have."""
    lines = [json.loads(line) for line in self.server.err.seen]
    faults = [f'the log of piperpcd: {line}' for line in lines if line['level'] == 'error']
    ended = [line for line in lines if line['event'] == 'ended']
    left = ('stopped', 'aborted', 'undelivered', 'delayed', 'blocked')
    if not ended or any(ended[-1][what] != '0' for what in left):
      faults.append(f'piperpcd did not end in order: {ended}')
    return faults


def soaked(backend, seconds, numbers, tell=lambda text: None):
  """The load for so long; all figures, and `faults`: texts of what must not have been."""
  soak = Soak(backend, numbers)
  try:
    for program in soak.programs:
      program.start = program.settled()
    helpers = [Killer(numbers, soak.start_victim), Commander(numbers, soak.server)]
    bystander = floods.Bystander(soak.server.program, soak.server.endpoint)
    try:
      soak.load.write('begin')
      windows = used(soak, bystander, helpers, seconds, tell)
      bystander.finish()
    finally:
      bystander.discard()
    soak.load.write('end')
    counts = soak.counts()
    for program in soak.programs:
      program.wait_until_as_at_start()
    codes = {'clients': soak.load.finish(), 'server of every type': soak.shapes.finish(),
             'piperpcd': soak.server.stop()}

    faults = soak.load.err.seen + soak.shapes.err.seen + soak.log_faults()
    for helper in helpers:
      counts |= helper.counts
      faults += helper.faults
    faults += [f'{name} ended with {code}' for name, code in codes.items() if code != 0]
    result = {'backend': backend, 'seconds': seconds, 'windows': windows, 'counts': counts,
              'programs': [{'name': program.name, 'start': program.start, 'end': program.end,
                            'samples': program.samples} for program in soak.programs]}
    result['faults'] = faults + left_behind(soak.programs) + failed_calls(windows)
    return result
  finally:
    soak.remove()


def used(soak, bystander, helpers, seconds, tell):
  """As observe(), while the helpers act."""
  for helper in helpers:
    helper.start()
  try:
    return observe(soak, bystander, seconds, tell)
  finally:
    for helper in helpers:
      helper.end()


def observe(soak, bystander, seconds, tell):
  """Samples the programs until the time is over. The windows: what the bystander noticed."""
  windows = []
  window_seconds = min(60, max(2, seconds / 60))
  begin = time.monotonic()
  others = soak.seconds_of_others()
  samples = 0
  while (now := time.monotonic() - begin) < seconds:
    time.sleep(max(0, min((samples + 1) * SAMPLE_SECONDS, seconds) - now))
    samples += 1
    for program in soak.programs:
      program.samples.append({'seconds': round(time.monotonic() - begin, 1), **program.now()})
    if time.monotonic() - begin < (len(windows) + 1) * window_seconds:
      continue
    others_before, others = others, soak.seconds_of_others()
    windows.append({'seconds': round(time.monotonic() - begin, 1), **bystander.report(),
                    'other_cpu': max(0, others - others_before) / window_seconds / os.cpu_count()})
    tell(progress(soak, windows[-1]))
  return windows


def progress(soak, window):
  sizes = ', '.join(f'{program.name} {program.samples[-1]["mib"]:.0f} MiB'
                    for program in soak.programs)
  return (f'{window["seconds"]:6.0f} s: {sizes}; bystander {window["calls"]["p50_us"]} µs, '
          f'p99 {window["calls"]["p99_us"]} µs')


def left_behind(watched):
  return [f'{program.name} has more {what} after the load than before: '
          f'{program.start[what]}, then {program.end[what]}'
          for program in watched for what in program.more_than_at_start()]


def failed_calls(windows):
  failed = sum(window[what]['failed'] for window in windows for what in ('calls', 'connections'))
  return [f'{failed} calls of the bystander failed'] if failed else []


def quarters(values, of, summary=statistics.median):
  """What the first and the last quarter after the warm-up come to."""
  values = [of(value) for value in values[int(len(values) * WARM_UP):]]
  size = max(1, len(values) // 4)
  return summary(values[:size]), summary(values[-size:])


def memory(program):
  """The least of each quarter, in MiB: a password that is being hashed takes 64 MiB, and on a busy
  machine there nearly always is one; what is lost is always there."""
  return quarters(program['samples'], lambda sample: sample['mib'], summary=min)


def latency(result, what):
  return quarters(result['windows'], lambda window: window['calls'][what])


def growth(result):
  """Texts of what grew."""
  grown = []
  for program in result['programs']:
    first, last = memory(program)
    allowed = first + max(GROWTH * first, LEAST_GROWTH_MIB[program['name']])
    if last > allowed:
      grown.append(f'{program["name"]} grew: from {first:.1f} to {last:.1f} MiB of memory, and '
                   f'{allowed:.1f} are allowed')
  for what, times in LATENCY_TIMES.items():
    first, last = latency(result, what)
    if last > times * first:
      others = quarters(result['windows'], lambda window: window['other_cpu'])
      grown.append(f'the bystander\'s latency grew ({what}): from {first:.0f} to {last:.0f} µs, more '
                   f'than {times} times; others used {others[0]:.0%}, then {others[1]:.0%} of the '
                   'machine')
  return grown
