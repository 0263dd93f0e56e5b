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


def results_of(mode):
  return comparison.build_folder() / f'open_loop_{mode}.jsonl'


def add(suite, scenario, rate):
  suite.add(scenario, ['--scenario', 'throughput', '--conns', CONNECTIONS,
                       '--inflight', MOST_IN_FLIGHT, '--iters', rate, '--size', 32], CONNECTIONS)


def measure(suite, arguments, mode):
  """First the highest rate, of the default backend; then the times at parts of it, of both."""
  out = results_of(mode)
  add(suite, 'open/highest', TOO_MANY)
  suite.measure([('open/highest', PEERS[0])], arguments.repeats, out, awake=mode == 'awake')
  highest = table.Results(out).median(PEERS[0], 'open/highest', 'rate')
  if not highest:
    raise SystemExit('; '.join(table.Results(out).failures()))
  plan = []
  for part in PARTS:
    add(suite, f'open/{part}', int(highest * part / 100))
    plan += [(f'open/{part}', peer) for peer in PEERS]
  suite.measure(plan, arguments.repeats, out, awake=mode == 'awake')


def table_of(mode, title):
  """The times, as Markdown."""
  results = table.Results(results_of(mode))
  rows = []
  for part in PARTS:
    for peer in PEERS:
      rate = results.median(peer, f'open/{part}', 'rate')
      rows.append([f'{part} %', peer, table.number(rate / 1e3 if rate else None)] +
                  [table.number(results.median(peer, f'open/{part}', field)) for field in FIELDS])
  return table.markdown([title, 'peer', 'k/s', 'p50, us', 'p99', 'p99.9'], rows)
