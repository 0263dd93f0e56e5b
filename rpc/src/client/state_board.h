// The state of a channel, and who watches it. All of it needs the channel's lock.
#pragma once

#include <cstdint>
#include <memory>
#include <thread>
#include <utility>

#include "piperpc/channel_state.h"
#include "src/client/channel_mutex.h"
#include "src/client/due_callbacks.h"
#include "src/transport/condition.h"

namespace piperpc::client {

class Core;
class StateWatcher;

class StateBoard {
 public:
  explicit StateBoard(ChannelStatus first)
      : reason_(std::move(first.reason)), state_(first.state) {}

  ChannelState state() const CHANNEL_LOCKED { return state_; }
  ChannelStatus status() const CHANNEL_LOCKED { return {state_, reason_}; }
  std::uint32_t version() const CHANNEL_LOCKED { return version_; }  // Of the status.

  // Who watches is told. kClosed is the last state.
  void Set(ChannelState state, const absl::Status& reason) CHANNEL_LOCKED {
    if (state_ == ChannelState::kClosed || (state_ == state && reason_ == reason)) return;
    state_ = state;
    reason_ = reason;
    ++version_;
    if (first_ != nullptr) TellWatchers();
  }

  void Add(StateWatcher& watcher) CHANNEL_LOCKED;
  void Remove(StateWatcher& watcher) CHANNEL_LOCKED;

 private:
  void TellWatchers() CHANNEL_LOCKED;

  absl::Status reason_;
  ChannelState state_;
  std::uint32_t version_ = 1;
  StateWatcher* first_ = nullptr;  // Of a list of them.
};

// Tells a callback of the states, one after the other.
class StateWatcher final : public PendingCallback,
                           public std::enable_shared_from_this<StateWatcher> {
 public:
  StateWatcher(std::shared_ptr<Core> core, StateCallback on_state);

  // Is told of the state of now, and of those that come.
  void Start() CHANNEL_UNLOCKED;

  // See StateWatch::Stop(). Once; the last reference may be dropped after it.
  static void Stop(std::shared_ptr<StateWatcher> watcher) CHANNEL_UNLOCKED;

  // There is another state than the one that was told last.
  void OnChange() CHANNEL_LOCKED;

 private:
  friend class StateBoard;
  void Deliver() override CHANNEL_UNLOCKED;
  void Tell(const ChannelStatus& status) CHANNEL_UNLOCKED;
  StateCallback TakeCallback() CHANNEL_UNLOCKED;

  StateWatcher* next_ CHANNEL_GUARDED = nullptr;  // On the board.
  const std::shared_ptr<Core> core_;
  StateCallback on_state_;  // Of the thread that tells it; of who stops it, when there is none.
  std::uint32_t told_ CHANNEL_GUARDED = 0;  // The version.
  bool queued_ CHANNEL_GUARDED = false;     // Deliver() will run.
  bool stopped_ CHANNEL_GUARDED = false;
  bool stopped_within_ CHANNEL_GUARDED = false;  // By the callback itself.
  std::thread::id telling_ CHANNEL_GUARDED;      // None: nobody.
  transport::Condition over_;                    // Nobody tells it any more.
};

}  // namespace piperpc::client
