// The loop of in-memory pipes, in the time of a test.
#pragma once

#include <condition_variable>
#include <memory>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"
#include "src/testing/clock_source.h"
#include "src/transport/loop/loop_base.h"

namespace piperpc::testing {

class ClockLoop final : public transport::LoopBase {
 public:
  explicit ClockLoop(std::shared_ptr<internal::ClockSource> clock);
  ~ClockLoop() override;

  std::string_view name() const override { return "memory"; }
  base::TimePoint Now() const override { return clock_->Now(); }

 private:
  // Its sleep, which the clock knows.
  class Sleep final : public internal::ClockSource::Waiter {
   public:
    // On the loop.
    bool Wait(const internal::ClockSource& clock, base::TimePoint limit);
    void End();  // Nobody need wait for it any more.

    void Tell() override;
    void Settle(base::TimePoint now, base::TimePoint limit) override;

   private:
    internal::Mutex mutex_;
    std::condition_variable woken_;
    std::condition_variable settled_;
    bool wake_ ABSL_GUARDED_BY(mutex_) = false;
    std::thread::id thread_ ABSL_GUARDED_BY(mutex_);
    // When it went to sleep; kNever before it runs, and after its end.
    base::TimePoint asleep_since_ ABSL_GUARDED_BY(mutex_) = base::kNever;
  };

  bool Wait(base::TimePoint limit) override { return sleep_->Wait(*clock_, limit); }
  void Wake() override { sleep_->Tell(); }

  const std::shared_ptr<internal::ClockSource> clock_;
  const std::shared_ptr<Sleep> sleep_ = std::make_shared<Sleep>();
};

}  // namespace piperpc::testing
