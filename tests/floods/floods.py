"""Floods a piperpcd, and counts what came of it: for tests/floods/run and for the tests."""

import contextlib
import json
import os
import pathlib
import resource
import shutil
import subprocess
import time

import programs
import target

BACKENDS = ('iocp',) if target.WINDOWS else ('io_uring', 'epoll')
BYSTANDER = 65534  # The user nobody.
# Whether the bystander is that one, and not the offender's. Wine's folder belongs to one user.
IS_ANOTHER_USER = os.geteuid() == 0 and not target.WINDOWS
TICKS = os.sysconf('SC_CLK_TCK')


class Flood:
  """What is measured: how many of what, for how long."""

  def __init__(self, title, count, seconds=None):
    self.title = title
    self.count = count
    self.seconds = seconds  # None: what the command line says.


LINUX = {
    'compute': Flood('(two threads that only compute)', 2),
    'cancel': Flood('1,000,000 calls, each cancelled at once', 1_000_000),
    'mute': Flood('1,000 mute clients', 1000),
    'connect': Flood('connect and close in a loop', 1),
    'logins': Flood('500 logins at once, again and again', 500),
    'stopped_subscriber': Flood('a subscriber of each policy, stopped for 60 s', 60_000),
    'subscribers': Flood('4,096 subscribers and one login a second', 4096),
    'halves': Flood('half-sent messages on 1,000 connections', 1000, 45),
    'unread_small': Flood('1,000 connections that read no small reply', 1000, 45),
    'unread_large': Flood('32 connections that read no large reply', 32, 45),
}

# Smaller: one process, Wine's server, does the system calls of all programs. And none stops a process.
WINE = {
    'compute': LINUX['compute'],
    'cancel': Flood('100,000 calls, each cancelled at once', 100_000),
    'mute': LINUX['mute'],
    'connect': LINUX['connect'],
    'logins': LINUX['logins'],
    'subscribers': Flood('1,024 subscribers and one login a second', 1024),
    'halves': Flood('half-sent messages on 500 connections', 500, 20),
    'unread_small': Flood('50 connections that read no small reply', 50, 20),
    'unread_large': Flood('32 connections that read no large reply', 32, 20),
}

FLOODS = WINE if target.WINDOWS else LINUX


def status_of(pid, field):
  """A field of /proc/PID/status that is a size, in MiB."""
  for line in pathlib.Path(f'/proc/{pid}/status').read_text(encoding='ascii').splitlines():
    if line.startswith(field + ':'):
      return int(line.split()[1]) / 1024
  raise KeyError(field)


def seconds_of_process(pid):
  """The processor time that it has used."""
  fields = pathlib.Path(f'/proc/{pid}/stat').read_text(encoding='ascii').rpartition(')')[2].split()
  return (int(fields[11]) + int(fields[12])) / TICKS


def seconds_of_machine():
  """The processor time that was used on all cores, by whomever."""
  fields = pathlib.Path('/proc/stat').read_text(encoding='ascii').split('\n', 1)[0].split()[1:]
  idle = int(fields[3]) + int(fields[4])
  return (sum(map(int, fields[:8])) - idle) / TICKS


def seconds_of_us():
  usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
  return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def wine_prefix(pid):
  """Where a process would have Wine's folder; None where it does not say, or is not ours to ask."""
  with contextlib.suppress(OSError):
    for variable in pathlib.Path(f'/proc/{pid}/environ').read_bytes().split(b'\0'):
      if variable.startswith(b'WINEPREFIX='):
        return variable
  return None


def wine_servers_of(pid):
  """What does the system calls of a program that runs under Wine."""
  servers = []
  for name in pathlib.Path('/proc').glob('[0-9]*/comm'):
    with contextlib.suppress(OSError):  # It has ended.
      if name.read_bytes().startswith(b'wineserver'):
        servers.append(int(name.parent.name))
  return [server for server in servers if wine_prefix(server) == wine_prefix(pid)]


class Load:
  """How busy the servers, Wine and what is not ours keep the machine, as a share of all its cores."""

  def __init__(self, servers, bystander):
    self.servers = [server.process.pid for server in servers]
    self.bystander = [bystander.process.pid]
    self.wine = wine_servers_of(self.servers[0]) if target.WINDOWS else []
    self.begin = self._now()

  def _now(self):
    processes = (self.servers, self.wine, self.bystander)
    return (time.monotonic(), *(sum(map(seconds_of_process, pids)) for pids in processes),
            seconds_of_us(), seconds_of_machine())

  def shares(self):
    elapsed, servers, wine, bystander, us, machine = (
        end - begin for begin, end in zip(self.begin, self._now()))
    cores = elapsed * os.cpu_count()
    others = machine - servers - wine - bystander - us
    return {'seconds': elapsed, 'server_cpu': servers / cores, 'wine_cpu': wine / cores,
            'other_cpu': max(0.0, others) / cores}


class Bystander:
  """Uses the server from its constructor to finish()."""

  def __init__(self, program, endpoint):
    user = {'user': BYSTANDER, 'group': BYSTANDER, 'extra_groups': []} if IS_ANOTHER_USER else {}
    self.process = subprocess.Popen(  # pylint: disable=consider-using-with
        [*target.command(program), 'bystander', endpoint], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, text=True, env=target.environment(), **user)
    if self.process.stdout.readline() != 'READY\n':
      self.process.kill()
      raise AssertionError('the bystander could not begin')

  def report(self):
    """Of what it did since the last report."""
    self.process.stdin.write('\n')
    self.process.stdin.flush()
    return json.loads(self.process.stdout.readline())

  def finish(self):
    out, _ = self.process.communicate(timeout=programs.LIMIT)
    return json.loads(out)

  def discard(self):
    """Leaves nothing of it behind. Nothing when it has finished."""
    self.process.kill()
    self.process.wait()
    with contextlib.suppress(OSError):  # What it has not read any more.
      self.process.stdin.close()
    self.process.stdout.close()


class FloodedServer(programs.Server):
  """A piperpcd that others than its user may use, too."""

  def __init__(self, backend, *flags):
    super().__init__('--backend', backend, '--access', 'users', *flags)
    self.folder.chmod(0o711)
    self.program = shutil.copy(os.environ['PIPERPC_FLOOD'], self.folder)  # Where all may read it.

  def offend(self, name, count, seconds):
    """Floods the server, and returns what the offender got."""
    flood = [name, self.endpoint, str(count), str(int(seconds * 1000))]
    result = subprocess.run([*target.command(self.program), *flood], stdout=subprocess.PIPE,
                            text=True, env=target.environment(), check=False)
    programs.check_runner(result.returncode)
    result.check_returncode()
    got = {}
    for line in result.stdout.splitlines():  # One of each process.
      got |= json.loads(line)
    return got

  def observed(self, action, others=()):
    """What a bystander notices during `action`, and how busy the machine is; the action's result.

    `others`: servers that the action uses, too.
    """
    bystander = Bystander(self.program, self.endpoint)
    try:
      load = Load([self, *others], bystander)
      result = action()
      shares = load.shares()
      return {**bystander.finish(), **shares}, result
    finally:
      bystander.discard()


def beside_another(server, name, backend, count, seconds):
  """What a bystander of `server` notices while another server is flooded: of the machine alone."""
  other = FloodedServer(backend)
  try:
    noticed, _ = server.observed(lambda: other.offend(name, count, seconds), [other])
    other.stop()
    return noticed
  finally:
    other.remove()


def flooded(name, backend, count, seconds, compare=False):
  """Floods a server of its own, and returns the figures; `compare`: those beside_another(), too."""
  server = FloodedServer(backend)
  try:
    pid = server.process.pid
    memory = {}

    def flood():
      # The bystander's login has taken 64 MiB, which do not count.
      memory['before'] = status_of(pid, 'VmRSS')
      pathlib.Path(f'/proc/{pid}/clear_refs').write_text('5', encoding='ascii')  # Of VmHWM.
      got = server.offend(name, count, seconds)
      memory['highest'] = status_of(pid, 'VmHWM')
      return got

    alone, _ = server.observed(lambda: time.sleep(min(seconds, 10)))
    elsewhere = beside_another(server, name, backend, count, seconds) if compare else None
    beside, got = server.observed(flood)
    after, _ = server.observed(lambda: None)
    return {'flood': name, 'backend': backend, 'count': count, 'load': os.getloadavg(),
            'alone': alone, 'elsewhere': elsewhere, 'beside': beside, 'after': after, 'memory_mib': memory,
            'offender': got, 'exit_code': server.stop()}
  finally:
    server.remove()
