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
Outcome NotServing(const std::string& service, const Patience& patience) {
  const std::string who = service.empty() ? "the server" : service;
  return absl::DeadlineExceededError(
      absl::StrCat(DeadlineText(absl::StrCat("waiting for ", who, " to serve"), patience.spent()),
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
                          const Patience& patience) {
  CallOptions options = connection.OptionsOf(patience);
  options.wait_for_ready = options.timeout;
  v1::HealthClient client(connection.channel());
  auto statuses = client.Watch(request, options);
  bool answered = false;
  while (const std::optional<v1::WatchResponse> response = statuses.Next()) {
    if (response->status() == v1::SERVING_STATUS_SERVING) return Outcome();
    if (response->status() == v1::SERVING_STATUS_SERVICE_UNKNOWN) {
      return connection.NotThere(absl::StatusCode::kNotFound, "service", request.service(),
                                 patience);
    }
    answered = true;
  }
  const absl::Status ended = statuses.status();
  if (ended.ok()) return absl::UnavailableError("the server went away");
  return answered && absl::IsDeadlineExceeded(ended) ? NotServing(request.service(), patience)
                                                     : ExplainHealth(ended);
}

}  // namespace

Outcome RepeatUntilThere(const Patience& patience, absl::FunctionRef<Outcome()> attempt) {
  for (auto pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    Outcome outcome = attempt();
    if (patience.stop().stop_requested() || !outcome.Is(absl::StatusCode::kUnavailable)) {
      return outcome;
    }
    if (patience.over()) {
      return absl::DeadlineExceededError(
          absl::StrCat(DeadlineText("waiting for a server", patience.spent()),
                       "; the last attempt failed: ", outcome.message()));
    }
    patience.Pause(pause);
    if (patience.stop().stop_requested()) return InterruptedError();
  }
}

Outcome AwaitServing(Connection& connection, const std::string& service, const Patience& patience) {
  v1::WatchRequest request;
  request.set_service(service);
  return RepeatUntilThere(patience,
                          [&] { return WatchUntilServing(connection, request, patience); });
}

}  // namespace piperpc::cli
