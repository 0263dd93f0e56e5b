// How a client's threads start and wait: so where time is simulated, they are, too.
#pragma once

#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "piperpc/internal/mutex.h"
#include "src/base/clock.h"
#include "src/base/export_to_testing.h"
#include "src/transport/condition.h"

namespace piperpc::transport {

class ClientThreads {
 public:
  virtual ~ClientThreads() = default;

  // See internal::StartThread().
  virtual absl::StatusOr<std::thread> Start(std::string_view purpose,
                                            absl::AnyInvocable<void()> body) = 0;

  // Waits for `changed`, or less long. False: `limit` has passed.
  virtual bool WaitUntil(internal::Mutex& mutex, Condition& changed, base::TimePoint limit)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) = 0;
};

// The threads of the system. There to the end of the process: a thread that ends a channel may
// still wait when the transport has gone.
PIPERPC_EXPORT_TO_TESTING ClientThreads& SystemClientThreads();

}  // namespace piperpc::transport
