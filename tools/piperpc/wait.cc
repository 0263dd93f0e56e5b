#include <optional>

#include "piperpc/v1/health.piperpc.h"
#include "tools/piperpc/commands.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/server_wait.h"

namespace piperpc::cli {
namespace {

constexpr std::chrono::milliseconds kLongest{30000};

// UNAVAILABLE: the server went away before it said that it serves.
Outcome WatchUntilServing(Program& program, const v1::WatchRequest& request,
                          const Patience& patience) {
  CallOptions options = program.connection.OptionsOf(patience);
  options.wait_for_ready = options.timeout;
  v1::HealthClient client(program.connection.channel());
  auto statuses = client.Watch(request, options);
  while (const std::optional<v1::WatchResponse> response = statuses.Next()) {
    if (response->status() == v1::SERVING_STATUS_SERVING) return Outcome();
  }
  Outcome ended = statuses.status();
  if (ended.ok()) ended = absl::UnavailableError("the server went away");
  return ended;
}

}  // namespace

Outcome Wait(Program& program, const Words& words, const Patience& patience) {
  if (words.size() > 1) return UsageError("wait takes one service, or none for the whole server");
  const Outcome checked = words.empty() ? Outcome() : CheckUtf8("the service's name", words[0]);
  if (!checked.ok()) return checked;
  v1::WatchRequest request;
  if (!words.empty()) request.set_service(words[0]);
  const Patience limited = patience.Within(kLongest);
  return RepeatUntilThere(limited, [&] { return WatchUntilServing(program, request, limited); });
}

}  // namespace piperpc::cli
