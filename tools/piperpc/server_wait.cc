#include "tools/piperpc/server_wait.h"

#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "piperpc/v1/health.piperpc.h"
#include "tools/piperpc/connection.h"

namespace piperpc::cli {
namespace {

constexpr std::chrono::milliseconds kFirstPause{10};
constexpr std::chrono::milliseconds kLongestPause{200};

// The time is over while a server is there.
Outcome NotServing(const std::string& service, const CommandDeadline& deadline) {
  const std::string who = service.empty() ? "the server" : service;
  return absl::DeadlineExceededError(
      absl::StrCat(DeadlineText(absl::StrCat("waiting for ", who, " to serve"), deadline.spent()),
                   "; the server says that it is not serving"));
}

// What a server says of itself when it has no health.
Outcome ExplainHealth(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kUnimplemented) return status;
  return absl::UnimplementedError(
      "the server is running, but has no piperpc.v1.HealthService to say whether it serves");
}

// UNAVAILABLE: the server went away before it said that it serves. NOT_FOUND: it has no such
// service; which ones it has is settled before it starts.
Outcome WatchUntilServing(Connection& connection, const v1::WatchRequest& request,
                          const CommandDeadline& deadline) {
  CallOptions options = connection.OptionsOf(deadline);
  options.wait_for_ready = options.timeout;
  v1::HealthClient client(connection.channel());
  auto statuses = client.Watch(request, options);
  bool answered = false;
  while (const std::optional<v1::WatchResponse> response = statuses.Next()) {
    if (response->status() == v1::SERVING_STATUS_SERVING) return Outcome();
    if (response->status() == v1::SERVING_STATUS_SERVICE_UNKNOWN) {
      return connection.NotThere(absl::StatusCode::kNotFound, "service", request.service(),
                                 deadline);
    }
    answered = true;
  }
  const absl::Status ended = statuses.status();
  if (ended.ok()) return absl::UnavailableError("the server went away");
  return answered && absl::IsDeadlineExceeded(ended) ? NotServing(request.service(), deadline)
                                                     : ExplainHealth(ended);
}

}  // namespace

Outcome RepeatUntilThere(const CommandDeadline& deadline, absl::FunctionRef<Outcome()> attempt) {
  for (auto pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    Outcome outcome = attempt();
    if (deadline.stop().stop_requested() || !outcome.Is(absl::StatusCode::kUnavailable)) {
      return outcome;
    }
    if (deadline.over()) {
      return absl::DeadlineExceededError(
          absl::StrCat(DeadlineText("waiting for a server", deadline.spent()),
                       "; the last attempt failed: ", outcome.message()));
    }
    deadline.Pause(pause);
    if (deadline.stop().stop_requested()) return InterruptedError();
  }
}

Outcome AwaitServing(Connection& connection, const std::string& service,
                     const CommandDeadline& deadline) {
  v1::WatchRequest request;
  request.set_service(service);
  return RepeatUntilThere(deadline,
                          [&] { return WatchUntilServing(connection, request, deadline); });
}

}  // namespace piperpc::cli
