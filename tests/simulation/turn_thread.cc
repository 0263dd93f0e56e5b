#include "simulation/turn_thread.h"

#include <utility>

namespace piperpc::simulation {
namespace {

thread_local TurnThread* current = nullptr;

}  // namespace

TurnThread* TurnThread::Current() { return current; }

// `body` and what it holds go away within the last turn.
std::thread TurnThread::Start(std::shared_ptr<TurnThread> self, absl::AnyInvocable<void()> body) {
  return std::thread([self = std::move(self), body = std::move(body)]() mutable {
    self->AwaitTurn();
    current = self.get();
    body();
    body = nullptr;
    self->ended_ = true;
    self->EndTurn();
  });
}

void TurnThread::GiveTurn() {
  std::unique_lock lock(mutex_);
  has_turn_ = true;
  changed_.notify_all();
  changed_.wait(lock, [this] { return !has_turn_; });
}

void TurnThread::AwaitTurn() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return has_turn_; });
}

void TurnThread::EndTurn() {
  const std::lock_guard lock(mutex_);
  has_turn_ = false;
  changed_.notify_all();
}

void TurnThread::Block(Wait wait) {
  wait_ = std::move(wait);
  EndTurn();
  AwaitTurn();
}

}  // namespace piperpc::simulation
