#!/usr/bin/env python3
"""Prints what tests/bench/run measured, beside what is to be reached.

    tests/bench/table.py RESULTS.jsonl [--update-docs]

Every figure is the median of its runs, of those that no other program disturbed where there are
any; the choice looks at the load of the machine, never at the result.
"""

import argparse
import collections
import json
import pathlib
import re
import statistics

DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / 'docs/performance.md'
NOISY = 0.25  # Cores that others used during a run.

UNITS = {  # Of a field: its scale, its unit, and whether more is better.
    'p50_us': (1, 'us', False),
    'p99_us': (1, 'us', False),
    'rate': (1e3, 'k/s', True),
    'mb_s': (1, 'MB/s', True),
    'server_kib_per_conn': (1, 'KiB', False),
    'cold_start_ms': (1, 'ms', False),
    'server_cpu_s_per_M': (1, 's', False),
    'static_kib': (1024, 'MiB', False),
}

# What is measured, the scenario, the field, the limit, what the limit is a multiple of (a peer, or
# nothing where it is absolute), and which of PipeRPC's peers it is about.
TARGETS = [
    ('unary call, p50', 'unary_latency', 'p50_us', 1.05, 'raw_blocking', 'piperpc'),
    ('unary call, p99', 'unary_latency', 'p99_us', 1.3, 'raw_blocking', 'piperpc'),
    ('unary call, both sides spin, p50', 'unary_latency', 'p50_us', 0.35, 'raw_blocking',
     'piperpc_spin'),
    ('server CPU per million unary calls', 'unary_latency', 'server_cpu_s_per_M', 1.1,
     'raw_blocking', 'piperpc'),
    ('1 connection x 64 in flight', 'tput_1x64', 'rate', 0.8, 'pb_coalesce', 'piperpc'),
    ('64 connections x 1', 'tput_64x1', 'rate', 0.8, 'raw_uring', 'piperpc'),
    ('256 connections x 1', 'tput_256x1', 'rate', 0.8, 'raw_uring', 'piperpc'),
    ('the same, 2 event loops for 1', 'tput_256x1', 'rate', 1.7, 'piperpc', 'piperpc_2loops'),
    ('the same, server CPU per million calls', 'tput_256x1', 'server_cpu_s_per_M', 2 / 1.7,
     'piperpc', 'piperpc_2loops'),
    ('stream of 64 B, 1 subscriber', 'stream_1', 'rate', 0.6, 'pb_coalesce', 'piperpc'),
    ('stream of 64 B, 100 subscribers', 'stream_100', 'rate', 0.6, 'pb_coalesce', 'piperpc'),
    ('echo 64 KiB', 'echo_64k', 'mb_s', 0.9, 'raw_blocking', 'piperpc'),
    ('echo 1 MiB', 'echo_1m', 'mb_s', 0.8, 'raw_blocking', 'piperpc'),
    ('echo 16 MiB', 'echo_16m', 'mb_s', 0.8, 'raw_blocking', 'piperpc'),
    ('small call beside 64 MiB, p99', 'beside_64m', 'p99_us', 2000, None, 'piperpc_beside'),
    ('connect + call + close', 'connect', 'rate', 0.8, 'raw_uring', 'piperpc'),
    ('idle connection of 5,000, server', 'idle_5000', 'server_kib_per_conn', 1.5, None, 'piperpc'),
    ('cold start', 'cold_start', 'cold_start_ms', 2, 'raw_blocking', 'piperpc'),
    ('cold start, static program', 'cold_start', 'cold_start_ms', 2, 'raw_blocking',
     'piperpc_static'),
    ('smallest server, stripped, static', 'size', 'static_kib', 2.5 * 1024, None, 'piperpc'),
]

# The columns of the table of all peers.
COLUMNS = [
    ('unary p50, us', 'unary_latency', 'p50_us'),
    ('p99', 'unary_latency', 'p99_us'),
    ('1 x 64, k/s', 'tput_1x64', 'rate'),
    ('64 x 1', 'tput_64x1', 'rate'),
    ('256 x 1', 'tput_256x1', 'rate'),
    ('stream to 1, k/s', 'stream_1', 'rate'),
    ('to 100', 'stream_100', 'rate'),
    ('echo 64 KiB, MB/s', 'echo_64k', 'mb_s'),
    ('1 MiB', 'echo_1m', 'mb_s'),
    ('16 MiB', 'echo_16m', 'mb_s'),
    ('connects, k/s', 'connect', 'rate'),
    ('idle, KiB', 'idle_5000', 'server_kib_per_conn'),
    ('cold start, ms', 'cold_start', 'cold_start_ms'),
]


def is_ours(peer):
  return peer.startswith('piperpc')


def is_floor(peer):
  return peer.startswith(('raw_', 'pb_', 'shm_'))


class Results:

  def __init__(self, path):
    with open(path, encoding='utf-8') as file:
      rows = [json.loads(line) for line in file]
    self.machine = next((row for row in rows if row['id'] == 'machine'), {})
    self._runs = collections.defaultdict(list)
    for row in rows:
      if row['id'] != 'machine':
        self._runs[row['peer'], row['id']].append(row)

  def peers(self):
    return list(dict.fromkeys(peer for peer, _ in self._runs))

  def scenarios(self):
    return list(dict.fromkeys(scenario for _, scenario in self._runs))

  def noise(self):
    """How many runs others disturbed, and how many there were."""
    loads = [row['other_cpu'] for runs in self._runs.values() for row in runs
             if 'other_cpu' in row]
    return sum(load > NOISY for load in loads), len(loads)

  def median(self, peer, scenario, field):
    runs = [row for row in self._runs.get((peer, scenario), []) if row.get('ok') and field in row]
    quiet = [row for row in runs if row.get('other_cpu', 0) <= NOISY]
    values = [row[field] for row in quiet or runs]
    return statistics.median(values) if values else None

  def failures(self):
    return sorted({f"{peer}, {scenario}: {row['error']}"
                   for (peer, scenario), runs in self._runs.items()
                   for row in runs if 'error' in row})

  def best_peer(self, scenario, field):
    """The best of the other RPC systems, and its figure."""
    found = [(self.median(peer, scenario, field), peer) for peer in self.peers()
             if not is_ours(peer) and not is_floor(peer)]
    found = [pair for pair in found if pair[0] is not None]
    if not found:
      return None, None
    return (max if UNITS[field][2] else min)(found)


def number(value, digits=3):
  """With `digits` significant ones, or all that are before the point."""
  if value is None:
    return '-'
  whole = len(str(int(abs(value)))) if abs(value) >= 1 else 0
  return f'{value:,.{max(0, digits - whole)}f}'


def figure(value, field):
  scale, unit, _ = UNITS[field]
  return '-' if value is None else f'{number(value / scale)} {unit}'


def target_cells(results, target):
  title, scenario, field, limit, floor, ours = target
  _, _, more_is_better = UNITS[field]
  value = results.median(ours, scenario, field)
  base = results.median(floor, scenario, field) if floor else 1
  sign = '>=' if more_is_better else '<='
  wanted = f'{sign} {limit:.3g} x' if floor else f'{sign} {figure(limit, field)}'
  ratio, verdict = '-', '-'
  if value is not None and base:
    share = value / base
    ratio = f'{share:.2f}' if floor else '-'
    verdict = 'yes' if (share >= limit if more_is_better else share <= limit) else '**no**'
  measured = f'{figure(base, field)} {floor}' if floor else '-'
  cells = [title, figure(value, field), measured, ratio, wanted, verdict]
  return cells + peer_cells(results, target, value)


def peer_cells(results, target, value):
  """The best of the peers, and by which factor PipeRPC is better."""
  _, scenario, field, _, floor, _ = target
  best, peer = results.best_peer(scenario, field)
  # The peers' static programs still share the C and C++ libraries.
  if value is None or best is None or field == 'static_kib' or is_ours(floor or ''):
    return ['-', '-']
  factor = value / best if UNITS[field][2] else best / value
  return [f'{figure(best, field)} {peer}', f'{number(factor, 2)} x']


def markdown(head, rows):
  lines = [head, ['-'] * len(head), *rows]
  return '\n'.join('| ' + ' | '.join(cells) + ' |' for cells in lines)


def caption(*all_results):
  """Of tables that are made of all of these."""
  machine = all_results[0].machine
  disturbed, runs = (sum(counts) for counts in zip(*(each.noise() for each in all_results)))
  return (f"{machine.get('cores')} cores, {machine.get('system')}, {machine.get('compiler')}; "
          f"medians of {machine.get('repeats')} runs of {machine.get('seconds')} s, interleaved; "
          f'{disturbed} of {runs} runs were disturbed by other programs, and count only where '
          'there is no other.')


def targets_table(results):
  targets = [target for target in TARGETS
             if results.median(target[-1], *target[1:3]) is not None]
  head = ['Scenario', 'PipeRPC', 'floor', 'ratio', 'target', 'reached', 'best peer', 'ahead of it']
  return markdown(head, [target_cells(results, target) for target in targets])


def peers_table(results):
  """All peers but those that take part in few scenarios."""
  peers = sorted(results.peers(), key=lambda peer: (not is_ours(peer), is_floor(peer)))
  columns = [column for column in COLUMNS
             if any(results.median(peer, *column[1:]) is not None for peer in peers)]

  def cell(peer, scenario, field):
    value = results.median(peer, scenario, field)
    return number(None if value is None else value / UNITS[field][0])
  rows = [[peer, *(cell(peer, *column[1:]) for column in columns)] for peer in peers]
  rows = [row for row in rows if row.count('-') * 2 < len(row)]
  return markdown(['', *(title for title, _, _ in columns)], rows)


def text_of(results):
  return '\n\n'.join([caption(results), targets_table(results), peers_table(results)])


def replace_in_document(command, text):
  """Where the document says that `command` has made it."""
  document = DOCUMENT.read_text(encoding='utf-8')
  changed, count = re.subn(
      rf'(<!-- made by {re.escape(command)} -->\n).*?(<!-- end -->)',
      lambda found: f'{found[1]}\n{text}\n\n{found[2]}', document, flags=re.DOTALL)
  if count != 1:
    raise SystemExit(f'{DOCUMENT} has no place for what {command} makes')
  DOCUMENT.write_text(changed, encoding='utf-8')


def show(path, update_docs):
  results = Results(path)
  text = text_of(results)
  print('\n'.join([text, '', *results.failures()]))
  if update_docs:
    replace_in_document('tests/bench/run', text)


def main():
  parser = argparse.ArgumentParser(
      description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
  parser.add_argument('results')
  parser.add_argument('--update-docs', action='store_true')
  arguments = parser.parse_args()
  show(arguments.results, arguments.update_docs)


if __name__ == '__main__':
  main()
