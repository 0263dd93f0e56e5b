// A socket that listens, on a loop: takes clients from it, only so many at a time that pipes which
// are there already get their part of the loop, and hands them out.
#pragma once

#include "absl/functional/any_invocable.h"
#include "piperpc/access.h"
#include "src/transport/accept_pause.h"
#include "src/transport/admission.h"
#include "src/transport/linux/socket_loop.h"
#include "src/transport/listener.h"

namespace piperpc::transport {

// Loop thread only, or before the loop runs.
class AcceptingSocket final : private SocketLoop::Source,
                              private EventLoop::Timer,
                              private EventLoop::Deferred {
 public:
  // What the sockets of one listener share, and which outlives them.
  struct Clients {
    SocketLoop& loop;
    const Access& access;
    Admission& admission;
    Listener::Delegate& delegate;
  };

  // `fd`: listens, and does not block.
  AcceptingSocket(UniqueFd fd, const Clients& clients);

  // Takes clients from now on.
  void Start();

  // New clients are refused from now on, by whoever else has the socket open, too.
  void Refuse();

  // Hands out those that have connected already.
  void AcceptLeft();

  // Takes no more clients. `released` is called on the loop when this may be destroyed.
  void Retire(absl::AnyInvocable<void()> released);

 private:
  void OnReceived(std::ptrdiff_t, const char*) override {}  // Never started.
  void OnReadable(int wait_error) override;
  void OnWritable(int) override {}  // Never started.
  void OnReleased() override;
  void OnTimer() override { AcceptSome(); }
  void OnIterationEnd() override;

  void AcceptSome();
  bool AcceptOne();
  bool AcceptFailed(int error);

  const Clients clients_;
  AcceptPause pause_;
  int single_accepts_left_ = 0;  // So many more.
  int looks_in_vain_ = 0;        // Since the last client.
  base::TimePoint round_end_;    // Of the last one that may have left clients,
  base::Duration work_since_ = base::Duration::zero();  // and what its iteration did after it.
  bool retired_ = false;
  absl::AnyInvocable<void()> released_;
};

// Hands out a client, unless the access rules keep it out or it has gone again.
void HandOutClient(UniqueFd fd, const AcceptingSocket::Clients& clients);

}  // namespace piperpc::transport
