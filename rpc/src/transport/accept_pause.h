// What a listener does when the system cannot give it a client: it pauses, longer each time, and
// tells its delegate of it at most once a second.
#pragma once

#include "src/transport/backoff.h"
#include "src/transport/event_loop.h"
#include "src/transport/listener.h"

namespace piperpc::transport {

class AcceptPause {
 public:
  AcceptPause(EventLoop& loop, EventLoop::Timer& timer, Listener::Delegate& delegate)
      : loop_(loop), timer_(timer), delegate_(delegate) {}

  // A client was taken: the next pause is short again.
  void Reset() { backoff_.Reset(); }

  // Sets the timer, at whose end the listener tries again. Loop thread.
  void Begin(const absl::Status& reason) {
    const base::TimePoint now = loop_.Now();
    loop_.Schedule(timer_, base::After(backoff_.Next(), now));
    Tell(reason);
  }

  // Only tells the delegate. Loop thread.
  void Tell(const absl::Status& reason) {
    const base::TimePoint now = loop_.Now();
    if (now < next_tell_) return;
    next_tell_ = base::After(kTellEvery, now);
    delegate_.OnAcceptError(reason);
  }

 private:
  static constexpr base::Duration kTellEvery = std::chrono::seconds(1);

  EventLoop& loop_;
  EventLoop::Timer& timer_;
  Listener::Delegate& delegate_;
  Backoff backoff_{std::chrono::milliseconds(10), std::chrono::seconds(1)};
  base::TimePoint next_tell_;
};

}  // namespace piperpc::transport
