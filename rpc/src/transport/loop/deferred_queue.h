// Work for the end of an iteration, as a list that runs through the work itself. One thread.
#pragma once

#include <cstddef>

#include "src/base/export_to_testing.h"
#include "src/transport/event_loop.h"

namespace piperpc::transport {

class PIPERPC_EXPORT_TO_TESTING DeferredQueue {
 public:
  using Deferred = EventLoop::Deferred;

  void Add(Deferred& work);     // Nothing when it is queued already.
  void Remove(Deferred& work);  // Nothing when it is not queued.
  bool empty() const { return first_ == nullptr; }

  // Runs what is queued, and what that defers, until nothing is left. Work that defers itself for
  // ever must not hold up the loop: after some rounds the rest stays for the next iteration.
  void Run();

 private:
  static constexpr int kMaxRounds = 8;

  Deferred* first_ = nullptr;
  Deferred* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace piperpc::transport
