// The servers that the benchmarks call, in a process of their own.
#pragma once

#include <string>

namespace piperpc::bench {

// Serves bench.v1.BenchService at `endpoint` until standard input ends. For the child process.
int RunServer(const std::string& endpoint, const std::string& backend);

}  // namespace piperpc::bench
