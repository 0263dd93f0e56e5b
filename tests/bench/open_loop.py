"""Calls that come at a given rate, whether or not the ones before have ended, and how long they take
at a part of the highest rate.

For tests/bench/run --grid.
"""

import comparison
import table

PEERS = ['piperpc_open', 'piperpc_open_epoll']
CONNECTIONS = 4
MOST_IN_FLIGHT = 256
TOO_MANY = 10_000_000  # Calls a second.
PARTS = [10, 50, 80]  # Of the highest rate, percent.
FIELDS = ['p50_us', 'p99_us', 'p999_us']
ENOUGH = 0.98  # Of what was offered.


def results_of(mode):
  return comparison.build_folder() / f'open_loop_{mode}.jsonl'


def highest_of(mode):
  return comparison.build_folder() / f'open_loop_highest_{mode}.jsonl'


def read(mode):
  return table.Results(results_of(mode))


def scenario_of(part, peer):
  return f'open/{part}/{peer}'


def add(suite, scenario, rate):
  suite.add(scenario, ['--scenario', 'throughput', '--conns', CONNECTIONS,
                       '--inflight', MOST_IN_FLIGHT, '--iters', rate, '--size', 32], CONNECTIONS)


def measure(suite, arguments, mode):
  """First each peer's highest rate; then the times at parts of it."""
  awake = mode == 'awake'
  add(suite, 'open/highest', TOO_MANY)
  suite.measure([('open/highest', peer) for peer in PEERS], arguments.repeats, highest_of(mode),
                awake=awake)
  plan = []
  for part in PARTS:
    for peer, highest in highest_rates(mode).items():
      add(suite, scenario_of(part, peer), int(highest * part / 100))
      plan.append((scenario_of(part, peer), peer))
  suite.measure(plan, arguments.repeats, results_of(mode), awake=awake)


def highest_rates(mode):
  """Of those peers that have one."""
  results = table.Results(highest_of(mode))
  rates = {peer: results.median(peer, 'open/highest', 'rate') for peer in PEERS}
  return {peer: rate for peer, rate in rates.items() if rate}


def row_of(results, part, peer, highest):
  scenario = scenario_of(part, peer)
  offered = highest * part / 100
  made = results.median(peer, scenario, 'rate')
  kept_up = made is not None and made >= ENOUGH * offered
  times = [results.median(peer, scenario, field) if kept_up else None for field in FIELDS]
  rates = [value / 1e3 if value else None for value in (offered, made)]
  return [f'{part} %', peer, *map(table.number, rates), *map(table.number, times)]


def table_of(mode, title):
  """The times, as Markdown."""
  results, rates = read(mode), highest_rates(mode)
  rows = [row_of(results, part, peer, highest)
          for part in PARTS for peer, highest in rates.items()]
  return table.markdown([title, 'peer', 'offered, k/s', 'made', 'p50, us', 'p99', 'p99.9'], rows)
