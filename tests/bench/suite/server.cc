// The peer's server: the ordinary public API, coroutine handlers.
//
//     server --listen PATH [--backend NAME] [--event-loops N] [--spin-us N] [--max-conns N]
#include <chrono>
#include <cstdlib>
#include <string>
#include <utility>

#include "serve.h"
#include "suite/v1/suite.piperpc.h"

namespace suite::v1 {
namespace {

class Suite final : public SuiteService {
  piperpc::Task<absl::StatusOr<Text>> CoUppercase(piperpc::ServerContext&, Text request) override {
    for (char& c : *request.mutable_text()) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    co_return std::move(request);
  }

  piperpc::Task<absl::StatusOr<Data>> CoEcho(piperpc::ServerContext&, Data request) override {
    co_return std::move(request);
  }

  piperpc::Stream<Data> CoSubscribe(piperpc::ServerContext&, SubscribeRequest request) override {
    Data item;
    item.set_data(std::string(request.size(), 's'));
    for (std::uint64_t i = 0; i < request.count(); ++i) co_yield item;
  }
};

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
  suite::v1::Suite service;
  return suite::Serve(service, endpoint, options);
}
