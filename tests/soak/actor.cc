#include "soak/actor.h"

#include <algorithm>
#include <condition_variable>
#include <iostream>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "src/base/text.h"

namespace piperpc::soak {
namespace {

// One write, so that lines of several threads do not mix.
void Tell(std::string_view what) { std::cerr << absl::StrCat("soak: ", base::ToAbsl(what), "\n"); }

}  // namespace

std::string Actor::Text(int most) {
  const int size = Chance(80) ? Number(0, std::min(most, 1000)) : Number(0, most);
  return std::string(static_cast<std::size_t>(size), static_cast<char>(Number('a', 'z')));
}

std::chrono::microseconds Actor::RandomTime(std::chrono::microseconds mean) {
  return std::chrono::microseconds(Number(0, 2 * static_cast<int>(mean.count())));
}

bool Actor::Pause(std::chrono::microseconds mean) {
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop_, RandomTime(mean), [] { return false; });
  return !stop_.stop_requested();
}

std::shared_ptr<Channel> Actor::ConnectTo(const std::string& endpoint) {
  ChannelOptions options;
  options.backend = target_.backend;
  if (Chance(50)) options.io_thread = target_.io_thread;
  return Connect(endpoint, options);
}

void Actor::Count(std::string_view what, const absl::Status& status,
                  std::initializer_list<absl::StatusCode> expected) {
  if (status.ok() || std::ranges::find(expected, status.code()) != expected.end()) {
    return tally_.Add(
        absl::StrCat(base::ToAbsl(what), ": ", absl::StatusCodeToString(status.code())));
  }
  Tell(absl::StrCat(base::ToAbsl(what), ": ", status.ToString()));
}

void Actor::Require(bool good, std::string_view what) {
  if (!good) Tell(what);
}

}  // namespace piperpc::soak
