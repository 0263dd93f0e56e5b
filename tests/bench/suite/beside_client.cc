// A small call beside a 64 MiB message on the same connection: the suite's unary_latency, while
// another thread echoes 64 MiB on that connection all the time.
//
//     beside_client --connect PATH --scenario unary_latency ...
#include <atomic>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "suite_client.h"

namespace suite::v1 {
namespace {

constexpr std::size_t kLarge = std::size_t{64} << 20;

class Connection final : public bench::Client {
 public:
  explicit Connection(const bench::Args& args)
      : client_(piperpc::Connect(args.connect, {.max_message_bytes = 2 * kLarge})),
        large_([this](const std::stop_token& stop) { EchoLarge(stop); }) {
    while (large_calls_ == 0) std::this_thread::yield();
  }

  void call(const std::string& in, std::string& out) override {
    text_.set_text(in);
    out = std::move(*Must(client_.Uppercase(text_)).mutable_text());
  }

 private:
  // The first one is over, and so the buffers are there, before the small calls begin.
  void EchoLarge(const std::stop_token& stop) {
    Data request;
    request.set_data(std::string(kLarge, 'l'));
    while (!stop.stop_requested()) {
      const absl::StatusOr<Data> reply = client_.Echo(request);
      if (!reply.ok() || reply->data().size() != kLarge) {
        std::fprintf(stderr, "64 MiB: %s\n", reply.status().ToString().c_str());
        std::_Exit(1);
      }
      ++large_calls_;
    }
  }

  SuiteClient client_;
  Text text_;
  std::atomic<int> large_calls_ = 0;
  std::jthread large_;
};

struct Driver final : bench::Driver {
  std::unique_ptr<bench::Client> connect(const bench::Args& args) override {
    return std::make_unique<Connection>(args);
  }
};

}  // namespace
}  // namespace suite::v1

int main(int argc, char** argv) { return suite::v1::RunClient<suite::v1::Driver>(argc, argv); }
