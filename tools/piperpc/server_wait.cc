#include "tools/piperpc/server_wait.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace piperpc::cli {
namespace {

constexpr std::chrono::milliseconds kFirstPause{10};
constexpr std::chrono::milliseconds kLongestPause{200};

}  // namespace

Outcome RepeatUntilThere(const Patience& patience, absl::FunctionRef<Outcome()> attempt) {
  for (auto pause = kFirstPause;; pause = std::min(2 * pause, kLongestPause)) {
    Outcome outcome = attempt();
    if (patience.stop().stop_requested() || !outcome.Is(absl::StatusCode::kUnavailable)) {
      return outcome;
    }
    if (patience.over()) {
      return absl::DeadlineExceededError(absl::StrCat(
          "the time to wait for the server is over; the last try met: ", outcome.message()));
    }
    patience.Pause(pause);
    if (patience.stop().stop_requested()) return InterruptedError();
  }
}

}  // namespace piperpc::cli
