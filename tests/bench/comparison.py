"""PipeRPC and its peers in a suite that compares local RPC systems: builds them, and measures them
in turns.

What a peer is, and what a scenario does, is said in the suite's README. Its run.py starts servers
and clients, and sees how busy the machine was meanwhile.
"""

import argparse
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import platform
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = ['suite_server', 'suite_client', 'suite_beside_client', 'suite_open_loop_client',
            'suite_minimal_server', 'suite_minimal_server_static']


def names(text):
  """Of a list that is separated by commas."""
  return [name for name in text.split(',') if name]


def arguments_of(parser, seconds, repeats):
  """Parses the arguments that tests/bench/run and tests/bench/sweep have in common."""
  parser.add_argument('suite', nargs='?', help='the folder of the suite; else PIPERPC_BENCH_SUITE, '
                      'else ../shared/bench beside this repository')
  parser.add_argument('--seconds', type=float, default=seconds, help='of each run (%(default)s)')
  parser.add_argument('--repeats', type=int, default=repeats, help='of each run (%(default)s)')
  parser.add_argument('--peers', type=names, default=[], help='comma separated; these instead of the default')
  arguments = parser.parse_args()
  named = arguments.suite or os.environ.get('PIPERPC_BENCH_SUITE') or ROOT.parent / 'shared/bench'
  arguments.suite = pathlib.Path(named).resolve()
  if not (arguments.suite / 'run.py').is_file():
    print(f'{parser.prog}: no suite in {arguments.suite}: name its folder, or set '
          'PIPERPC_BENCH_SUITE. tests/bench/floor needs none.', file=sys.stderr)
    sys.exit(64)
  return arguments


def build_folder():
  return pathlib.Path(os.environ.get('PIPERPC_BENCH_BUILD') or ROOT / 'build/bench')


def build(suite):
  """Builds PipeRPC's programs, and in the folder `suite` of the same the suite's. What a library is
  missing for is left out."""
  folder = build_folder()
  folder.mkdir(parents=True, exist_ok=True)
  log = folder / 'build.log'
  steps = [
      [ROOT / 'tools/install-dependencies', 'bench'],
      ['cmake', '-G', 'Ninja', '-S', ROOT, '-B', folder, '-DCMAKE_BUILD_TYPE=Release',
       '-DPIPERPC_BUILD_TESTS=OFF', '-DPIPERPC_BUILD_BENCHMARKS=ON',
       '-DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON',  # The floors are one file each: as good as that.
       f'-DPIPERPC_BENCH_SUITE={suite}'],
      ['ninja', '-C', folder, *PROGRAMS],
      [suite / 'run.py', '--build', '--build-dir', folder / 'suite'],
  ]
  print(f'Building in {folder}', file=sys.stderr)
  with open(log, 'w', encoding='utf-8') as file:
    for step in steps:
      if subprocess.run(step, stdout=file, stderr=file, check=False).returncode != 0:
        file.flush()
        print(log.read_text(encoding='utf-8')[-4000:], file=sys.stderr)
        sys.exit(f'failed: {" ".join(map(str, step))}')


def machine():
  """What a reader has to know of a run, as a line of its results."""
  compiler = subprocess.run(['c++', '-dumpversion'], capture_output=True, text=True, check=True)
  kernel = '.'.join(platform.release().split('.')[:2])
  return {'peer': '-', 'id': 'machine', 'ok': True, 'cores': os.cpu_count(),
          'system': f'{platform.system()} {kernel}', 'compiler': f'g++ {compiler.stdout.strip()}'}


def keep_cores_awake():
  """Lets idle cores wait without sleeping for as long as what this gives is open, where that is
  allowed (to root, as a rule). On a virtual machine a core that sleeps takes 10 to 400 us to wake,
  by chance, and nothing else would be measured. Linux, Documentation/power/pm_qos_interface.rst."""
  try:
    # pylint: disable-next=consider-using-with
    latency = open('/dev/cpu_dma_latency', 'wb', buffering=0)
    latency.write(struct.pack('i', 0))
    return latency
  except OSError as error:
    print(f'The cores may sleep meanwhile, which makes latencies uncertain: {error}',
          file=sys.stderr)
    return None


class Comparison:
  """The suite's peers and PipeRPC's."""

  def __init__(self, suite, seconds):
    loader = importlib.machinery.SourceFileLoader('suite_run', str(suite / 'run.py'))
    self.runner = importlib.util.module_from_spec(
        importlib.util.spec_from_loader(loader.name, loader))
    loader.exec_module(self.runner)
    self.peers = self.runner.load_peers(
        [suite / 'peers.json', ROOT / 'tests/bench/suite/peers.json'])
    self.options = argparse.Namespace(build_dir=str(build_folder() / 'suite'), pin='none',
                                      seconds=seconds, warmup=0.3)
    signal.signal(signal.SIGALRM, self._on_alarm)  # What the runner ends its waits with.
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))

  @staticmethod
  def _on_alarm(*_):
    raise TimeoutError

  def scenarios(self):
    return list(self.runner.SCENARIOS)

  def add(self, scenario, client_arguments, connections=4):
    """A scenario that the suite does not have by that name."""
    self.runner.SCENARIOS[scenario] = ([str(word) for word in client_arguments], connections + 16)

  def measure(self, plan, repeats, out, awake=True):
    """Measures `plan`, a list of pairs (scenario, peer), `repeats` times, and writes a line of JSON
    for each run to the file `out`. A run that others disturbed is made once more. `awake`: with
    cores that do not sleep."""
    folder = tempfile.mkdtemp(prefix='bench-')
    awake = keep_cores_awake() if awake else None
    count = 0
    try:
      with open(out, 'w', encoding='utf-8') as file:
        run = {'seconds': self.options.seconds, 'repeats': repeats}
        file.write(json.dumps({**machine(), **run}) + '\n')
        for repeat in range(repeats):
          todo = [step for step in plan if repeat == 0 or step[0] not in self.runner.ONCE]
          if repeat % 2 == 1:
            todo.reverse()  # So that nobody always runs after the same one.
          for number, (scenario, peer) in enumerate(todo, 1):
            for _ in range(2):
              count += 1
              row = self._run(scenario, peer, f'{folder}/{count}.sock')
              file.write(json.dumps({**row, 'repeat': repeat}) + '\n')
              file.flush()
              if row.get('other_cpu', 0) <= self.runner.NOISY:
                break
            said = row.get('na') or row.get('error') or 'ok'
            print(f'{repeat + 1}/{repeats} {number}/{len(todo)} {scenario} {peer}: {said}',
                  file=sys.stderr, flush=True)
    finally:
      shutil.rmtree(folder)
      if awake:
        awake.close()

  def _run(self, scenario, peer, path):
    if scenario == 'size':
      return self.runner.sizes(self.peers[peer], self.options)
    return self.runner.run_one(self.peers[peer], scenario, self.options, path)
