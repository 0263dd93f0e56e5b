// The servers that the benchmarks call, in a process of their own.
#pragma once

#include <string>

namespace piperpc::bench {

struct Servers {
  std::string endpoint;     // Of bench.v1.BenchService.
  std::string raw_address;  // Of the floor.
  std::string backend;      // Of both sides of PipeRPC.
};

// Serves until standard input ends; says READY when clients can connect. For the child process.
int RunServers(const Servers& servers);

}  // namespace piperpc::bench
