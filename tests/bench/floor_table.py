#!/usr/bin/env python3
"""Prints the medians of a run of speed_bench, and their ratios to the floor of the same run."""

import collections
import json
import statistics
import sys

# Scenario, PipeRPC's benchmark, the floor's, the field, its unit and scale.
ROWS = [
    ('unary latency p50, 32 B', 'UnaryEcho/32', 'RawEcho/32', 'p50_us', 'us', 1),
    ('unary latency p99, 32 B', 'UnaryEcho/32', 'RawEcho/32', 'p99_us', 'us', 1),
    ('1 connection x 64 in flight', 'UnaryInFlight', 'RawInFlight', 'items_per_second', 'k calls/s', 1e3),
    ('stream of 64 B', 'ServerStream', None, 'items_per_second', 'k messages/s', 1e3),
    ('echo 64 KiB', 'UnaryEcho/65536', 'RawEcho/65536', 'bytes_per_second', 'MB/s', 1e6),
    ('echo 1 MiB', 'UnaryEcho/1048576', 'RawEcho/1048576', 'bytes_per_second', 'MB/s', 1e6),
    ('echo 16 MiB', 'UnaryEcho/16777216', None, 'bytes_per_second', 'MB/s', 1e6),
    ('echo 64 MiB', 'UnaryEcho/67108864', None, 'bytes_per_second', 'MB/s', 1e6),
    ('connect + call + close', 'ConnectCallClose', None, 'items_per_second', 'k/s', 1e3),
    ('small call beside 64 MiB, p50', 'SmallBesideLarge', None, 'p50_us', 'us', 1),
    ('small call beside 64 MiB, p99', 'SmallBesideLarge', None, 'p99_us', 'us', 1),
]


def medians(path):
  with open(path, encoding='utf-8') as file:
    runs = json.load(file)['benchmarks']
  values = collections.defaultdict(list)
  for run in runs:
    if run.get('run_type') != 'iteration':
      continue
    if run.get('error_occurred'):
      raise SystemExit(f"{run['name']} failed: {run['error_message']}")
    name = run['run_name'].replace('/real_time', '').replace('/iterations:2000', '')
    for field, value in run.items():
      if isinstance(value, (int, float)):
        values[name, field].append(value)
  return {key: statistics.median(found) for key, found in values.items()}


def main():
  found = medians(sys.argv[1])
  print('| Scenario | PipeRPC | raw floor | ratio |\n|-|-|-|-|')
  for title, ours, floor, field, unit, scale in ROWS:
    if (ours, field) not in found:
      continue
    value = found[ours, field]
    base = found.get((floor, field))
    cells = [title, f'{value / scale:,.1f} {unit}']
    cells += [f'{base / scale:,.1f} {unit}', f'{value / base:.2f}'] if base else ['-', '-']
    print('| ' + ' | '.join(cells) + ' |')


if __name__ == '__main__':
  main()
