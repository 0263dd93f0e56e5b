#include "bench_server.h"

#include <chrono>
#include <cstdio>
#include <utility>

#include "bench/v1/bench.piperpc.h"
#include "piperpc/server.h"
#include "raw_floor.h"

namespace piperpc::bench {
namespace {

using ::bench::v1::Payload;
using ::bench::v1::StreamRequest;

class BenchService final : public ::bench::v1::BenchService {
  Task<absl::StatusOr<Payload>> CoEcho(ServerContext&, Payload request) override {
    co_return std::move(request);
  }

  piperpc::Stream<Payload> CoStream(ServerContext&, StreamRequest request) override {
    Payload payload;
    payload.set_data(std::string(request.size(), 's'));
    for (std::uint64_t i = 0; i < request.count(); ++i) co_yield payload;
  }
};

}  // namespace

int RunServers(const Servers& servers) {
  BenchService service;
  Server server({.backend = servers.backend, .max_message_bytes = 128 << 20});
  absl::Status status = server.AddService(service);
  if (status.ok()) status = server.Start(servers.endpoint);
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  const RawServer raw(servers.raw_address);
  std::puts("READY");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  server.Shutdown(std::chrono::seconds(1));
  return 0;
}

}  // namespace piperpc::bench
