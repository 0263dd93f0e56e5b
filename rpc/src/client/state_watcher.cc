// Those who watch the state of a channel.
#include <utility>

#include "src/base/exceptions.h"
#include "src/base/process.h"
#include "src/client/core.h"
#include "src/client/state_board.h"

namespace piperpc {
namespace client {

StateWatcher::StateWatcher(std::shared_ptr<Core> core, StateCallback on_state)
    : core_(std::move(core)), on_state_(std::move(on_state)) {}

void StateWatcher::Start() {
  const Core::Lock lock(*core_);
  core_->states().Add(*this);
  OnChange();
}

void StateWatcher::OnChange() {
  if (!std::exchange(queued_, true)) core_->QueueCallback(shared_from_this());
}

// Where the channel has no loop, threads may meet here: the one that tells tells the rest, too.
void StateWatcher::Deliver() {
  StateCallback gone;  // Without the lock.
  Core::Lock lock(*core_);
  queued_ = false;
  if (telling_ != std::thread::id() || stopped_) return;
  told_ = core_->states().version();
  const ChannelStatus status = core_->Status();
  telling_ = std::this_thread::get_id();
  lock.Release();
  Tell(status);
  lock.Acquire();
  telling_ = {};
  over_.NotifyAll();
  if (stopped_within_) {
    gone = std::move(on_state_);
  } else if (!stopped_ && told_ != core_->states().version()) {
    OnChange();
  }
}

void StateWatcher::Tell(const ChannelStatus& status) {
  base::RunGuarded(
      [&] { on_state_(status); },
      [this](const std::exception_ptr& thrown) { core_->LogThrown("callback threw", thrown); });
}

void StateWatcher::Stop(std::shared_ptr<StateWatcher> watcher) {
  if (watcher->core_->foreign()) return base::KeepForever(std::move(watcher));
  const StateCallback gone = watcher->TakeCallback();
}

// Null within the callback: it is destroyed when it has returned.
StateCallback StateWatcher::TakeCallback() {
  Core::Lock lock(*core_);
  stopped_ = true;
  core_->states().Remove(*this);
  stopped_within_ = telling_ == std::this_thread::get_id();
  if (stopped_within_) return nullptr;
  while (telling_ != std::thread::id()) lock.Wait(over_);
  return std::move(on_state_);
}

}  // namespace client

StateWatch::StateWatch(std::shared_ptr<client::StateWatcher> watcher)
    : watcher_(std::move(watcher)) {}

StateWatch& StateWatch::operator=(StateWatch&& other) noexcept {
  if (this == &other) return *this;
  Stop();
  watcher_ = std::move(other.watcher_);
  return *this;
}

StateWatch::~StateWatch() { Stop(); }

void StateWatch::Stop() {
  if (watcher_ != nullptr) client::StateWatcher::Stop(std::move(watcher_));
}

}  // namespace piperpc
