// A service whose calls lead to other calls, and what they see of each other.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "piperpc/async.h"
#include "piperpc/raw_client.h"
#include "piperpc/raw_service.h"
#include "piperpc/within_call.h"

namespace piperpc::testing {

// "test.v1.Relay": Ask asks the next server's Tell, Tell returns what it was sent as metadata, and
// Wait waits until it is stopped.
class Relay {
 public:
  Relay() : service_("test.v1.Relay") {
    service_.AddUnary("Ask", [this](ServerContext& context, RawMessage) { return Ask(context); });
    service_.AddUnary("Tell", [](ServerContext& context, RawMessage) { return Tell(context); });
    service_.AddUnary("Wait", [](ServerContext& context, RawMessage) { return Wait(context); });
    service_.AddUnary("AskToWait",
                      [this](ServerContext& context, RawMessage) { return AskToWait(context); });
  }

  RawService& service() { return service_; }

  // Before any call.
  void set_next(std::shared_ptr<Channel> next) { next_.emplace(std::move(next)); }

 private:
  using Result = absl::StatusOr<RawMessage>;

  Task<Result> Ask(ServerContext& context) { return Next("test.v1.Relay/Tell", context); }
  Task<Result> AskToWait(ServerContext& context) { return Next("test.v1.Relay/Wait", context); }

  Task<Result> Next(std::string method, ServerContext& context) {
    CallOptions options = WithinCall(context);
    auto call = next_->CoUnary(method, RawMessage(), std::move(options));
    Result result = co_await call;
    co_return result;
  }

  static Task<Result> Tell(ServerContext& context) {
    std::string all;
    for (const auto& [key, value] : context.metadata()) all += key + "=" + value + ";";
    co_return RawMessage{all};
  }

  static Task<Result> Wait(ServerContext& context) {
    AsyncEvent never;
    auto stopped = never.Wait(context.stop_token());
    co_await stopped;
    co_return absl::CancelledError("stopped");
  }

  RawService service_;
  std::optional<RawClient> next_;
};

}  // namespace piperpc::testing
