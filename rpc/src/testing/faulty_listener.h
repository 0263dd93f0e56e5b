// A listener around another one, of which clients are not taken, or later, where it is told so.
#pragma once

#include <deque>
#include <functional>
#include <memory>

#include "src/testing/fault_source.h"
#include "src/transport/event_loop.h"
#include "src/transport/listener.h"
#include "src/transport/transport.h"

namespace piperpc::testing {

class FaultyListener final : public transport::Listener,
                             private transport::Listener::Delegate,
                             private transport::EventLoop::Timer {
 public:
  using WrapPipe =
      std::function<std::unique_ptr<transport::Pipe>(std::unique_ptr<transport::Pipe>)>;

  // All outlive it. `wrap`: what the delegate gets of a pipe.
  FaultyListener(transport::EventLoop& loop, FaultSource& faults, WrapPipe wrap,
                 transport::Listener::Delegate& delegate)
      : loop_(loop), faults_(faults), wrap_(std::move(wrap)), delegate_(delegate) {}

  // As Transport::Listen() of `inner`. Once.
  absl::Status Listen(transport::Transport& inner, const Endpoint& endpoint,
                      const transport::ListenOptions& options);

  void Close(absl::AnyInvocable<void()> closed) override;

 private:
  absl::Status Admit(const Peer& peer) override { return delegate_.Admit(peer); }
  void OnConnect(std::unique_ptr<transport::Pipe> pipe) override;
  void OnRefuse(std::unique_ptr<transport::Pipe> pipe, absl::Status reason) override;
  void OnAcceptError(absl::Status status) override;
  void OnEndpointRemoved(absl::Status restored) override;
  void OnTimer() override;

  transport::EventLoop& loop_;
  FaultSource& faults_;
  const WrapPipe wrap_;
  transport::Listener::Delegate& delegate_;
  std::deque<std::unique_ptr<transport::Pipe>> waiting_;
  bool closing_ = false;
  std::unique_ptr<transport::Listener> inner_;
};

}  // namespace piperpc::testing
