#include "piperpc/access_log.h"

#include <atomic>
#include <chrono>
#include <string>
#include <utility>

#include "src/base/clock.h"
#include "src/server/log_fields.h"

namespace piperpc {
namespace {

class AccessLogger final : public ServerMiddleware {
 public:
  explicit AccessLogger(AccessLogOptions options) : options_(std::move(options)) {}

  absl::Status Before(ServerContext&) override { return absl::OkStatus(); }

  void After(ServerContext& context, const absl::Status& status) override {
    if (options_.log && (!status.ok() || IsNext())) {
      options_.log({LogLevel::kInfo, "call", FieldsOf(context, status)});
    }
  }

 private:
  bool IsNext() {
    if (options_.one_in <= 1) return true;
    return calls_.fetch_add(1, std::memory_order_relaxed) % options_.one_in == 0;
  }

  static server::LogFields FieldsOf(ServerContext& context, const absl::Status& status) {
    const base::Duration took = base::Clock::now() - context.started();
    const CallTraffic traffic = context.traffic();
    return server::WithPeer(
        context.peer(),
        {{"method", std::string(context.method())},
         {"status", absl::StatusCodeToString(status.code())},
         {"us",
          std::to_string(std::chrono::duration_cast<std::chrono::microseconds>(took).count())},
         {"messages_received", std::to_string(traffic.messages_received)},
         {"messages_sent", std::to_string(traffic.messages_sent)},
         {"bytes_received", std::to_string(traffic.bytes_received)},
         {"bytes_sent", std::to_string(traffic.bytes_sent)}});
  }

  const AccessLogOptions options_;
  std::atomic<std::uint64_t> calls_ = 0;  // That ended with OK.
};

}  // namespace

std::shared_ptr<ServerMiddleware> AccessLog(AccessLogOptions options) {
  return std::make_shared<AccessLogger>(std::move(options));
}

}  // namespace piperpc
