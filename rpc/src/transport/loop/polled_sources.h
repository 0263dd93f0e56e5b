// The sources that a loop looks at in each iteration. Loop thread.
#pragma once

#include <cstddef>
#include <vector>

#include "src/base/export_to_testing.h"
#include "src/transport/event_loop.h"

namespace piperpc::transport {

class PIPERPC_EXPORT_TO_TESTING PolledSources {
 public:
  using Polled = EventLoop::Polled;

  // Both also from inside Poll().
  void Add(Polled& source) { sources_.push_back(&source); }
  void Remove(Polled& source);

  // Looks at each of them. True: one had something.
  bool Poll() { return !sources_.empty() && PollAll(); }

  // The loop is about to sleep. False: one of them has something.
  bool MaySleep() { return sources_.empty() || AllMaySleep(); }

 private:
  bool PollAll();
  bool AllMaySleep();

  std::vector<Polled*> sources_;
  std::size_t next_ = 0;  // While they are looked at: the one after this.
};

}  // namespace piperpc::transport
