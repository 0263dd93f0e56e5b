// The smallest server of the suite: one method, what it needs for it, and nothing else. Its size
// and its start are what the suite measures.
//
//     minimal_server --listen PATH
#include <chrono>
#include <cstdio>
#include <string_view>
#include <thread>
#include <utility>

#include "piperpc/server.h"
#include "suite/v1/suite.piperpc.h"

namespace suite::v1 {
namespace {

class Minimal final : public SuiteService {
  piperpc::Task<absl::StatusOr<Text>> Uppercase(piperpc::ServerContext&, Text request) override {
    for (char& c : *request.mutable_text()) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    co_return std::move(request);
  }
};

int Serve(std::string_view endpoint) {
  Minimal minimal;
  piperpc::Server server;
  absl::Status status = server.AddService(minimal);
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
  if (argc < 3 || std::string_view(argv[1]) != "--listen") return 64;
  std::remove(argv[2]);
  return suite::v1::Serve(argv[2]);
}
