// Delays logins after failures, to slow down guessing.
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"

namespace services {

struct LoginThrottleOptions {
  std::chrono::milliseconds first_delay{100};  // After the first failure; doubles with each one.
  std::chrono::milliseconds max_delay{2000};
  std::chrono::minutes memory{15};   // A failure older than this is forgotten.
  std::size_t max_entries = 10'000;  // Above this, the oldest failure is forgotten.
};

// Counts failed logins for each pair of a user name and a peer (piperpc::Peer::user), so that one
// peer's guesses do not slow down another's logins. Nobody is locked out: a delay never exceeds
// max_delay. Thread-safe.
class LoginThrottle {
 public:
  using Duration = std::chrono::steady_clock::duration;
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit LoginThrottle(LoginThrottleOptions options) : options_(options) {}

  // How long a login at `now` has to wait before it is tried; zero without recent failures.
  Duration Delay(std::string_view username, std::string_view peer, TimePoint now) const;

  void Failed(std::string_view username, std::string_view peer, TimePoint now);
  void Succeeded(std::string_view username, std::string_view peer);

 private:
  struct Entry {
    std::string key;
    int failures;
    TimePoint last;
  };
  Duration DelayAfter(int failures) const;
  bool Forgotten(const Entry& entry, TimePoint now) const;
  void DropOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const LoginThrottleOptions options_;
  mutable piperpc::internal::Mutex mutex_;
  std::list<Entry> entries_ ABSL_GUARDED_BY(mutex_);  // The latest failure first.
  std::unordered_map<std::string, std::list<Entry>::iterator> by_key_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace services
