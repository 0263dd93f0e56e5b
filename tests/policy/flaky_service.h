// A service whose calls fail as a test says, and which counts them.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "piperpc/raw_service.h"
#include "support/test_service.h"

namespace piperpc::testing {

// "shapes.v1.Raw", which the forms of raw_forms.h call: Unary and Down reply what they got, Up and
// Both end at once; Hold ends with its requests.
class FlakyService {
 public:
  FlakyService() : service_("shapes.v1.Raw") {
    service_.AddUnary("Unary", [this](ServerContext& context, RawMessage request) {
      return Unary(context, std::move(request));
    });
    service_.AddServerStreaming(
        "Down", [this](ServerContext&, RawMessage request) { return Down(std::move(request)); });
    service_.AddClientStreaming("Up",
                                [this](ServerContext&, CoReader<RawMessage>) { return Up(); });
    service_.AddBidirectional("Both",
                              [this](ServerContext&, CoReader<RawMessage>) { return Both(); });
    service_.AddBidirectional("Hold", [this](ServerContext&, CoReader<RawMessage> reader) {
      return Hold(std::move(reader));
    });
  }

  RawService& service() { return service_; }

  // What the next calls end with; those after them succeed.
  void FailWith(std::vector<absl::Status> ends) {
    const std::lock_guard lock(mutex_);
    ends_ = std::move(ends);
  }
  void FailTimes(std::size_t times, absl::Status status = absl::UnavailableError("busy")) {
    FailWith(std::vector<absl::Status>(times, status));
  }

  // Down replies once before it fails.
  void ReplyBeforeFailing() {
    const std::lock_guard lock(mutex_);
    replies_first_ = true;
  }

  Counter runs;  // Calls that a handler has begun.

 private:
  absl::Status NextEnd() {
    runs.Add();
    const std::lock_guard lock(mutex_);
    if (ends_.empty()) return absl::OkStatus();
    absl::Status end = std::move(ends_.front());
    ends_.erase(ends_.begin());
    return end;
  }
  bool replies_first() {
    const std::lock_guard lock(mutex_);
    return replies_first_;
  }

  Task<RawResult> Unary(ServerContext& context, RawMessage request) {
    absl::Status end = NextEnd();
    context.AddTrailer("run", std::to_string(runs.count()));
    if (!end.ok()) co_return end;
    co_return request;
  }

  Stream<RawMessage> Down(RawMessage request) {
    absl::Status end = NextEnd();
    if (end.ok() || replies_first()) co_yield request;
    if (!end.ok()) co_yield end;
  }

  Task<RawResult> Up() {
    absl::Status end = NextEnd();
    if (!end.ok()) co_return end;
    co_return RawMessage{};
  }

  Stream<RawMessage> Both() {
    absl::Status end = NextEnd();
    if (!end.ok()) co_yield end;
  }

  Stream<RawMessage> Hold(CoReader<RawMessage> reader) {
    runs.Add();
    while (std::optional<RawMessage> message = co_await reader.CoNext()) {
    }
  }

  RawService service_;
  std::mutex mutex_;
  std::vector<absl::Status> ends_;
  bool replies_first_ = false;
};

}  // namespace piperpc::testing
