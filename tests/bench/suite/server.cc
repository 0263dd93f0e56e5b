// The peer's server: the ordinary public API, coroutine handlers.
//
//     server --listen PATH [--backend NAME] [--event-loops N] [--spin-us N] [--max-conns N]
#include "piperpc/server.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <utility>

#include "suite/v1/suite.piperpc.h"

namespace suite::v1 {
namespace {

class Suite final : public SuiteService {
  piperpc::Task<absl::StatusOr<Text>> Uppercase(piperpc::ServerContext&, Text request) override {
    for (char& c : *request.mutable_text()) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    co_return std::move(request);
  }

  piperpc::Task<absl::StatusOr<Data>> Echo(piperpc::ServerContext&, Data request) override {
    co_return std::move(request);
  }

  piperpc::Stream<Data> Subscribe(piperpc::ServerContext&, SubscribeRequest request) override {
    Data item;
    item.set_data(std::string(request.size(), 's'));
    for (std::uint64_t i = 0; i < request.count(); ++i) co_yield item;
  }
};

int Serve(const std::string& endpoint, const piperpc::ServerOptions& options) {
  Suite suite;
  piperpc::Server server(options);
  absl::Status status = server.AddService(suite);
  if (status.ok()) status = server.Start(endpoint);
  if (!status.ok()) {
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    return 1;
  }
  std::puts("READY");
  std::fflush(stdout);
  while (true) std::this_thread::sleep_for(std::chrono::hours(1));  // Until it is killed.
}

}  // namespace
}  // namespace suite::v1

int main(int argc, char** argv) {
  std::string endpoint;
  piperpc::ServerOptions options;
  options.max_message_bytes = std::size_t{128} << 20;
  options.max_connections = 20'000;
  options.max_connections_per_user = 20'000;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string flag = argv[i];
    if (flag == "--listen") endpoint = argv[i + 1];
    if (flag == "--backend") options.backend = argv[i + 1];
    if (flag == "--spin-us") {
      options.spin = std::chrono::microseconds(std::strtoul(argv[i + 1], nullptr, 10));
    }
    if (flag == "--event-loops") options.event_loops = std::strtoul(argv[i + 1], nullptr, 10);
  }
  std::remove(endpoint.c_str());
  return suite::v1::Serve(endpoint, options);
}
