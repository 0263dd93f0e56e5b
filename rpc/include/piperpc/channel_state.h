// How a channel's connection is, and who is told when that changes.
//
//     auto watch = channel->WatchState([](const piperpc::ChannelStatus& status) {
//       std::cerr << piperpc::NameOf(status.state) << " " << status.reason << "\n";
//     });
#pragma once

#include <memory>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "piperpc/export.h"

namespace piperpc {

enum class ChannelState {
  kIdle,              // There is no connection, and nobody needs one. The next call connects.
  kConnecting,        // A connection is being made, or waits for the server's first answer.
  kReady,             // The server takes calls.
  kTransientFailure,  // Connecting failed, or the connection was lost. The next call connects.
  kClosed,            // For ever: it was closed, or its options are not valid.
};

// "idle", "connecting", "ready", "transient failure", "closed".
PIPERPC_EXPORT std::string_view NameOf(ChannelState state);

struct ChannelStatus {
  ChannelState state = ChannelState::kIdle;

  // kTransientFailure: what a call gets for it. kClosed: why. OK in all other states.
  absl::Status reason{};
};

// Is told of each state, on the thread that Channel::WatchState() says. Must not block.
using StateCallback = absl::AnyInvocable<void(const ChannelStatus&)>;

namespace client {
class StateWatcher;
}

// While it lives, a callback is told of a channel's states. It may outlive the channel. Movable;
// not to be used by two threads at once.
class PIPERPC_EXPORT StateWatch {
 public:
  StateWatch() = default;                                              // Watches nothing.
  explicit StateWatch(std::shared_ptr<client::StateWatcher> watcher);  // The library's own.
  StateWatch(StateWatch&& other) noexcept = default;
  StateWatch& operator=(StateWatch&& other) noexcept;  // As Stop() for what it has watched.
  ~StateWatch();                                       // As Stop().

  // When this returns, the callback does not run, and never runs again: waits for it, but not
  // within the callback itself, where this may be called, too; it is destroyed when it returns.
  void Stop();

 private:
  std::shared_ptr<client::StateWatcher> watcher_;
};

}  // namespace piperpc
