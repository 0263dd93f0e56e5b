// Middleware of either side that writes down what it sees.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "piperpc/call_values.h"
#include "support/journal.h"

namespace piperpc::testing {

// `Middleware` is ServerMiddleware or ClientMiddleware, and `Context` what it is shown.
template <typename Middleware, typename Context>
class RecordingMiddleware final : public Middleware {
 public:
  // `refuse` runs where Before() has nothing against the call otherwise.
  using Refuse = std::function<absl::Status(Context&)>;

  RecordingMiddleware(std::string name, Journal& journal, Refuse refuse = {})
      : name_(std::move(name)), journal_(journal), refuse_(std::move(refuse)) {}

  absl::Status Before(Context& context) override {
    journal_.Add(name_ + " before " + std::string(context.method()));
    key_.Emplace(context.values(), name_ + " after ");
    return refuse_ ? refuse_(context) : absl::OkStatus();
  }
  void After(Context& context, const absl::Status& status) override {
    journal_.Add(*key_.Find(context.values()) + absl::StatusCodeToString(status.code()));
  }

 private:
  const CallKey<std::string> key_;
  const std::string name_;
  Journal& journal_;
  const Refuse refuse_;
};

}  // namespace piperpc::testing
