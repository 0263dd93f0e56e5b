// The smallest server of the suite: one method, what it needs for it, and nothing else. Its size
// and its start are what the suite measures.
//
//     minimal_server --listen PATH
#include <string_view>
#include <utility>

#include "serve.h"
#include "suite/v1/suite.piperpc.h"

namespace suite::v1 {
namespace {

class Minimal final : public SuiteService {
  piperpc::Task<absl::StatusOr<Text>> CoUppercase(piperpc::ServerContext&, Text request) override {
    for (char& c : *request.mutable_text()) {
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    }
    co_return std::move(request);
  }
};

}  // namespace
}  // namespace suite::v1

int main(int argc, char** argv) {
  if (argc < 3 || std::string_view(argv[1]) != "--listen") return 64;
  suite::v1::Minimal minimal;
  return suite::Serve(minimal, argv[2]);
}
