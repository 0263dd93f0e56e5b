// A thread that runs only while it has the turn, which the scheduler gives it and gets back: so of
// all threads of a run one runs at a time, and which one is no chance.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "src/base/clock.h"

namespace piperpc::simulation {

class TurnThread {
 public:
  // What it waits for.
  struct Wait {
    base::TimePoint limit = base::TimePoint::min();
    std::function<bool()> over;
  };

  TurnThread() = default;
  TurnThread(const TurnThread&) = delete;
  TurnThread& operator=(const TurnThread&) = delete;

  // Starts it; it begins `body` with its first turn. Joining is for who has the std::thread.
  static std::thread Start(std::shared_ptr<TurnThread> self, absl::AnyInvocable<void()> body);

  // Whose thread this is; null: none of them.
  static TurnThread* Current();

  // The scheduler's: returns when the thread waits again or has ended.
  void GiveTurn();
  bool ended() const { return ended_; }
  base::TimePoint limit() const { return wait_.limit; }
  bool Ready(base::TimePoint now) const { return now >= wait_.limit || wait_.over(); }

  // On the thread: gives the turn back, and waits for the next.
  void Block(Wait wait);

 private:
  void AwaitTurn();
  void EndTurn();

  std::mutex mutex_;
  std::condition_variable changed_;
  bool has_turn_ = false;

  // Of who has the turn.
  Wait wait_;
  bool ended_ = false;
};

}  // namespace piperpc::simulation
