// How a client's threads start and wait: so where time is simulated, they are, too.
#pragma once

#include <string_view>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/internal/threads.h"
#include "src/base/clock.h"
#include "src/transport/condition.h"

namespace piperpc::transport {

class Threads {
 public:
  virtual ~Threads() = default;

  // Those of the system, which are there to the end of the process: a thread that ends a channel
  // may still wait when the transport has gone.
  static Threads& OfSystem() {
    static Threads* const system = new Threads;
    return *system;
  }

  // See internal::StartThread().
  virtual absl::StatusOr<std::thread> Start(std::string_view purpose,
                                            absl::AnyInvocable<void()> body) {
    return internal::StartThread(purpose, std::move(body));
  }

  // Waits for `changed`, or less long. False: `limit` has passed.
  virtual bool WaitUntil(internal::Mutex& mutex, Condition& changed, base::TimePoint limit)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (limit != base::kNever) return mutex.WaitUntil(changed.variable(), limit);
    mutex.Wait(changed.variable());
    return true;
  }
};

}  // namespace piperpc::transport
