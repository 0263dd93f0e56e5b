// A loop that lives of posted work alone, which is how in-memory pipes complete their operations.
#pragma once

#include <condition_variable>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"
#include "src/transport/loop/loop_base.h"

namespace piperpc::transport {

class MemoryLoop final : public LoopBase {
 public:
  std::string_view name() const override { return "memory"; }

 private:
  bool Wait(base::TimePoint limit) override;
  void Wake() override;

  internal::Mutex mutex_;
  std::condition_variable woken_;
  bool wake_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace piperpc::transport
