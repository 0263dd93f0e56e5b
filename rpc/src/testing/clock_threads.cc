#include "src/testing/clock_threads.h"

namespace piperpc::testing {
namespace {

// So often a thread looks what time it is.
constexpr base::Duration kSlice = std::chrono::milliseconds(2);

}  // namespace

bool ClockThreads::WaitUntil(internal::Mutex& mutex, transport::Condition& changed,
                             base::TimePoint limit) {
  if (clock_->Now() >= limit) return false;
  mutex.WaitUntil(changed.variable(), base::After(kSlice));
  return clock_->Now() < limit;
}

}  // namespace piperpc::testing
