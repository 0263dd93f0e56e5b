// Who acts next, and when: of all loops, threads and events that could, the seed says which one.
// When nobody can, time goes on to the next that will.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "simulation/random.h"
#include "simulation/trace.h"
#include "simulation/turn_thread.h"
#include "support/stepped_loop.h"

namespace piperpc::simulation {

class Scheduler {
 public:
  // All of them outlive it.
  Scheduler(testing::ManualClock& clock, Random& random, Trace& trace)
      : clock_(clock), random_(random), trace_(trace) {}

  base::TimePoint now() const { return clock_.now; }

  void Add(testing::SteppedLoop& loop) { loops_.push_back(&loop); }
  void Remove(testing::SteppedLoop& loop) { std::erase(loops_, &loop); }

  // Runs `event` then.
  void At(base::TimePoint when, absl::AnyInvocable<void()> event);

  // A thread that takes part; for its owner to join, once it has ended.
  std::thread Start(absl::AnyInvocable<void()> body);
  bool HasThreads() const { return !threads_.empty(); }

  // Waits until `over`, or `limit`; on any thread.
  void BlockUntil(base::TimePoint limit, std::function<bool()> over);

  // One step. False: nothing can happen any more.
  bool Step();

 private:
  struct Choices {
    bool event = false;
    std::vector<testing::SteppedLoop*> loops;
    std::vector<TurnThread*> threads;
    std::size_t count() const { return loops.size() + threads.size() + (event ? 1 : 0); }
  };

  void Collect(Choices& choices);
  void Take(const Choices& choices);
  void RunEvent();
  void Run(TurnThread& thread);
  bool AdvanceTime();

  testing::ManualClock& clock_;
  Random& random_;
  Trace& trace_;
  std::vector<testing::SteppedLoop*> loops_;
  std::vector<std::shared_ptr<TurnThread>> threads_;
  // By time, and then in the order in which they were added.
  std::map<std::pair<base::TimePoint, std::uint64_t>, absl::AnyInvocable<void()>> events_;
  std::uint64_t last_event_ = 0;
  std::uint64_t steps_ = 0;
};

}  // namespace piperpc::simulation
