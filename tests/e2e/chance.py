"""How often tests of chance try, and what their random numbers begin with.

PIPERPC_TEST_LONG=1 asks for the long form, as `tests/run --long` does; PIPERPC_TEST_SEED=N repeats
the numbers of a run.
"""

import os
import random

import target

LONG = os.environ.get('PIPERPC_TEST_LONG') == '1'


def times(short, long):
  """How often to try: `short` for each change, `long` when a person asks for it."""
  if LONG:
    return long
  return short // 5 if target.WINDOWS else short  # Wine takes long to start a program.


def numbers():
  """Random numbers. Their seed is in the output, which ctest shows of a test that failed."""
  seed = int(os.environ.get('PIPERPC_TEST_SEED') or random.SystemRandom().getrandbits(32))
  print(f'repeat these numbers with PIPERPC_TEST_SEED={seed}', flush=True)
  return random.Random(seed)
