// What happens inside one process, each part of a call by itself.
#include <benchmark/benchmark.h>

BENCHMARK_MAIN();
