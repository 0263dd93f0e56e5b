// The server's side of an endpoint: it keeps instances waiting and hands out connected pipes.
#pragma once

#include <cstddef>
#include <memory>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "piperpc/access.h"
#include "src/transport/pipe.h"

namespace piperpc::transport {

struct ListenOptions {
  Access access = {};  // Who may connect. The default: the owner alone.
  std::size_t waiting_instances =
      0;  // Instances (Windows) or backlog (Linux); 0: the system's best.
  std::size_t max_connections = 4096;  // Pipes handed out and not yet closed, at the most.
};

// Every client is accepted. One above max_connections, or one that the delegate does not admit, is
// handed out apart, to be told why it is refused: its pipe takes none of the max_connections
// places. At most kMaxRefusedConnections (admission.h) of them, and kMaxRefusedOfOneUser of one
// user, are open at once; others are closed at once.
class Listener {
 public:
  // Called on the listener's loop.
  class Delegate {
   public:
    // Whether `peer` may connect, beside the limit of max_connections. OK: OnConnect() follows, or
    // nothing when the system refuses; else OnRefuse() does, with this status.
    virtual absl::Status Admit(const Peer& peer);

    // A client has connected. `pipe` is detached; attach it to this loop or to another one.
    virtual void OnConnect(std::unique_ptr<Pipe> pipe) = 0;

    // A client is refused. `pipe` is as with OnConnect(): tell it `reason`, and close it within a
    // bounded time, as its place is one of few. By default it is closed without a word.
    virtual void OnRefuse(std::unique_ptr<Pipe> pipe, absl::Status reason);

    // A client could not be taken, for a reason that is not the client's (out of descriptors,
    // memory). The listener pauses, tries again, and tells at most once a second.
    virtual void OnAcceptError(absl::Status status) = 0;

    // Somebody has removed or replaced the endpoint's files (Linux), so that no client could
    // connect any more, or another server could begin here. OK: that was put right. Else: why it
    // could not be; told once for each reason, and the listener tries again and again.
    virtual void OnEndpointRemoved(absl::Status restored);

   protected:
    ~Delegate() = default;
  };

  virtual ~Listener() = default;  // After Close() has completed.
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  // Stops listening. The endpoint is free for the next server as soon as this returns and, on
  // Windows, the pipes that were handed out are closed. Clients that were waiting are turned away.
  // `closed` runs on the loop when nothing will be touched again. Pipes that were handed out live
  // on. Loop thread.
  virtual void Close(absl::AnyInvocable<void()> closed) = 0;

 protected:
  Listener() = default;
};

inline absl::Status Listener::Delegate::Admit(const Peer&) { return absl::OkStatus(); }
inline void Listener::Delegate::OnRefuse(std::unique_ptr<Pipe>, absl::Status) {}
inline void Listener::Delegate::OnEndpointRemoved(absl::Status) {}

}  // namespace piperpc::transport
