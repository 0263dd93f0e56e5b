"""Several connections with several calls in flight: PipeRPC's two backends beside floors and peers,
with cores kept awake and with cores that may sleep, as a user's do.

For tests/bench/run --grid.
"""

import dataclasses

import comparison
import open_loop
import table

CONNECTIONS = [1, 2, 4, 8, 16, 64]
IN_FLIGHT = [1, 4, 16, 64]
PAYLOADS = [32, 2048]
PEERS = ['piperpc', 'piperpc_epoll', 'pb_coalesce', 'raw_uring', 'zmq', 'grpc_async']
MODES = {'awake': 'cores kept awake', 'asleep': 'cores may sleep'}
PLACE = 'tests/bench/run --grid'  # In the document.

CELLS = [(connections, in_flight) for connections in CONNECTIONS for in_flight in IN_FLIGHT]


@dataclasses.dataclass(frozen=True)
class Target:
  """In each cell: what is measured, and of what it shall be how much."""
  title: str
  ours: str
  base: str
  limit: float


TARGETS = [
    Target('the coalescing floor', 'piperpc', 'pb_coalesce', 0.7),
    Target('ZeroMQ', 'piperpc', 'zmq', 1.5),
    Target('the other backend', 'piperpc', 'piperpc_epoll', 0.9),
]


def scenario_of(payload, connections, in_flight):
  return f'{payload}/{connections}x{in_flight}'


def results_of(mode):
  return comparison.build_folder() / f'grid_{mode}.jsonl'


def measure(suite, arguments):
  """Measures each cell with each peer, in both modes."""
  if arguments.scenarios:
    raise SystemExit('a grid has scenarios of its own: leave --scenarios or --grid out')
  peers = arguments.peers or PEERS
  plan = []
  for payload in PAYLOADS:
    for connections, in_flight in CELLS:
      scenario = scenario_of(payload, connections, in_flight)
      suite.add(scenario, ['--scenario', 'throughput', '--conns', connections,
                           '--inflight', in_flight, '--size', payload], connections)
      plan += [(scenario, peer) for peer in peers]
  for mode in MODES:
    suite.measure(plan, arguments.repeats, results_of(mode), awake=mode == 'awake')
    open_loop.measure(suite, arguments, mode)


def ratios(results, payload, ours, base):
  """Of each cell that both were measured in."""
  found = {}
  for cell in CELLS:
    scenario = scenario_of(payload, *cell)
    value, divisor = (results.median(peer, scenario, 'rate') for peer in (ours, base))
    if value and divisor:
      found[cell] = value / divisor
  return found


def target_row(results, mode, payload, target):
  found = ratios(results, payload, target.ours, target.base)
  if not found:
    return None
  reached = sum(ratio >= target.limit for ratio in found.values())
  worst = min(found, key=found.get)
  return [MODES[mode], f'{payload:,} B', f'>= {target.limit} x {target.title}',
          f'{reached} of {len(found)}', f'{found[worst]:.2f} at {worst[0]} x {worst[1]}']


def rates_table(results, payload):
  """k calls/s of all peers in each cell."""
  peers = results.peers()
  rows = []
  for cell in CELLS:
    rates = [results.median(peer, scenario_of(payload, *cell), 'rate') for peer in peers]
    rows.append([f'{cell[0]} x {cell[1]}',
                 *(table.number(None if rate is None else rate / 1e3) for rate in rates)])
  return table.markdown([f'{payload:,} B, k/s', *peers], rows)


def text_of(all_results):
  """`all_results`: by mode."""
  rows = [target_row(results, mode, payload, target) for target in TARGETS
          for mode, results in all_results.items() for payload in PAYLOADS]
  head = ['Mode', 'Payload', 'Target, in each cell', 'reached', 'worst']
  parts = [table.caption(*all_results.values(), *map(open_loop.read, all_results)),
           table.markdown(head, [row for row in rows if row])]
  for mode, results in all_results.items():
    for payload in PAYLOADS:
      parts += [f'{MODES[mode].capitalize()}:', rates_table(results, payload)]
  parts.append('Calls that come at random at a part of the highest rate that the same peer has had, '
               f'over {open_loop.CONNECTIONS} connections; times from the moment when each was to '
               'begin, where no fewer were made than offered:')
  parts += [open_loop.table_of(mode, title.capitalize()) for mode, title in MODES.items()]
  return '\n\n'.join(parts)


def show(update_docs):
  all_results = {mode: table.Results(results_of(mode)) for mode in MODES}
  text = text_of(all_results)
  failures = [line for results in [*all_results.values(), *map(open_loop.read, all_results)]
              for line in results.failures()]
  print('\n'.join([text, '', *failures]))
  if update_docs:
    table.replace_in_document(PLACE, text)
