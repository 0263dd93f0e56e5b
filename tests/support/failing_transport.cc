#include "support/failing_transport.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <functional>
#include <utility>

#include "support/faulty_pipe.h"

namespace piperpc::testing {
namespace {

using transport::Bytes;
using transport::EventLoop;
using transport::Listener;
using transport::Pipe;
using transport::SendResult;
using Operation = Fault::Operation;
using Side = Fault::Side;

// A caller that receives looks this often whether the peer seems gone.
constexpr base::Duration kSlice = std::chrono::milliseconds(2);

// How long a client waits to be taken after all.
constexpr base::Duration kAcceptPause = std::chrono::milliseconds(2);

absl::Status PeerGone() { return absl::UnavailableError("a fault: the peer has closed the pipe"); }

class FailingPipe final : public Pipe, private Pipe::Delegate {
 public:
  FailingPipe(std::unique_ptr<Pipe> inner, FaultPoint& faults, Side side)
      : inner_(std::move(inner)), faults_(faults), side_(side) {}

  void Attach(EventLoop& loop, Pipe::Delegate& delegate) override {
    loop_ = &loop;
    delegate_ = &delegate;
    inner_->Attach(loop, *this);
  }

  void Receive() override {
    receiving_ = true;
    absl::Status error = peer_gone_ ? PeerGone() : faults_.Begin(Operation::kReceive, side_);
    if (error.ok()) return inner_->Receive();
    loop_->Post([this, error = std::move(error)]() mutable { FailReceive(std::move(error)); });
  }

  absl::StatusOr<SendResult> Send(std::span<const Bytes> slices) override {
    absl::Status error = peer_gone_ ? PeerGone() : faults_.Begin(Operation::kSend, side_);
    if (error.ok()) return inner_->Send(slices);
    OnFault(error);
    return error;
  }

  absl::StatusOr<std::size_t> ReceiveUntil(std::span<char> buffer,
                                           base::TimePoint deadline) override {
    if (absl::Status error = faults_.Begin(Operation::kReceiveCaller, side_); !error.ok()) {
      return error;
    }
    while (!peer_gone_) {
      const base::TimePoint slice = std::min(deadline, base::After(kSlice));
      auto size = inner_->ReceiveUntil(buffer, slice);
      if (!absl::IsDeadlineExceeded(size.status()) || slice == deadline) return size;
    }
    return PeerGone();
  }

  bool AllRead() const override { return inner_->AllRead(); }

  void Close(transport::CloseMode mode, absl::AnyInvocable<void()> closed) override {
    closing_ = true;
    inner_->Close(mode, std::move(closed));
  }

  std::size_t max_packet_bytes() const override { return inner_->max_packet_bytes(); }
  const Peer& peer() const override { return inner_->peer(); }

 private:
  void OnReceive(Bytes packet) override {
    if (peer_gone_) return;  // FailReceive() comes.
    absl::Status error = faults_.Begin(Operation::kPacket, side_);
    if (!error.ok()) return FailReceive(std::move(error));
    receiving_ = false;
    delegate_->OnReceive(packet);
  }

  void OnReceiveError(absl::Status status) override { FailReceive(std::move(status)); }

  void OnSent(absl::Status status) override {
    if (absl::Status error = faults_.Begin(Operation::kPendingSend, side_); !error.ok()) {
      OnFault(error);
      status = std::move(error);
    }
    delegate_->OnSent(std::move(status));
  }

  void FailReceive(absl::Status error) {
    if (!closing_ && std::exchange(receiving_, false)) delegate_->OnReceiveError(std::move(error));
  }

  // A peer that a send has found gone sends nothing either.
  void OnFault(const absl::Status& error) {
    if (!absl::IsUnavailable(error)) return;
    peer_gone_ = true;
    if (loop_ != nullptr) loop_->Post([this] { FailReceive(PeerGone()); });
  }

  const std::unique_ptr<Pipe> inner_;
  FaultPoint& faults_;
  const Side side_;
  EventLoop* loop_ = nullptr;
  Pipe::Delegate* delegate_ = nullptr;
  std::atomic<bool> peer_gone_ = false;
  bool receiving_ = false;  // The loop's, as the next one.
  bool closing_ = false;
};

using WrapPipe = std::function<std::unique_ptr<Pipe>(std::unique_ptr<Pipe>, Side)>;

class FailingListener final : public Listener,
                              private Listener::Delegate,
                              private EventLoop::Timer {
 public:
  FailingListener(EventLoop& loop, FaultPoint& faults, WrapPipe wrap, Listener::Delegate& delegate)
      : loop_(loop), faults_(faults), wrap_(std::move(wrap)), delegate_(delegate) {}

  absl::Status Listen(transport::Transport& inner, const Endpoint& endpoint,
                      const transport::ListenOptions& options) {
    auto listener = inner.Listen(loop_, endpoint, options, *this);
    if (!listener.ok()) return listener.status();
    inner_ = *std::move(listener);
    return absl::OkStatus();
  }

  // Those that wait to be taken are, as by any other listener.
  void Close(absl::AnyInvocable<void()> closed) override {
    closing_ = true;
    loop_.Cancel(*this);
    OnTimer();
    inner_->Close(std::move(closed));
  }

 private:
  absl::Status Admit(const Peer& peer) override { return delegate_.Admit(peer); }

  void OnConnect(std::unique_ptr<Pipe> pipe) override {
    const absl::Status error =
        closing_ ? absl::OkStatus() : faults_.Begin(Operation::kAccept, Side::kServer);
    if (error.ok()) return delegate_.OnConnect(wrap_(std::move(pipe), Side::kServer));
    if (!absl::IsResourceExhausted(error)) return;
    waiting_.push_back(std::move(pipe));
    loop_.Schedule(*this, base::After(kAcceptPause, loop_.Now()));
    delegate_.OnAcceptError(error);
  }

  void OnRefuse(std::unique_ptr<Pipe> pipe, absl::Status reason) override {
    delegate_.OnRefuse(wrap_(std::move(pipe), Side::kServer), std::move(reason));
  }
  void OnAcceptError(absl::Status status) override { delegate_.OnAcceptError(std::move(status)); }
  void OnEndpointRemoved(absl::Status restored) override {
    delegate_.OnEndpointRemoved(std::move(restored));
  }

  void OnTimer() override {
    for (auto& pipe : std::exchange(waiting_, {})) {
      delegate_.OnConnect(wrap_(std::move(pipe), Side::kServer));
    }
  }

  EventLoop& loop_;
  FaultPoint& faults_;
  const WrapPipe wrap_;
  Listener::Delegate& delegate_;
  std::deque<std::unique_ptr<Pipe>> waiting_;
  bool closing_ = false;
  std::unique_ptr<Listener> inner_;
};

class FailingTransport final : public transport::Transport {
 public:
  FailingTransport(transport::Transport& inner, FaultPoint& faults, bool all_sends_pending)
      : inner_(inner), faults_(faults), all_sends_pending_(all_sends_pending) {}

  std::string_view name() const override { return inner_.name(); }
  absl::StatusOr<Endpoint> ParseEndpoint(std::string_view text) const override {
    return inner_.ParseEndpoint(text);
  }

  absl::StatusOr<std::unique_ptr<EventLoop>> NewLoop() override {
    if (absl::Status error = faults_.Begin(Operation::kNewLoop, Side::kServer); !error.ok()) {
      return error;
    }
    return inner_.NewLoop();
  }

  absl::StatusOr<std::unique_ptr<Listener>> Listen(EventLoop& loop, const Endpoint& endpoint,
                                                   const transport::ListenOptions& options,
                                                   Listener::Delegate& delegate) override {
    if (absl::Status error = faults_.Begin(Operation::kListen, Side::kServer); !error.ok()) {
      return error;
    }
    auto listener = std::make_unique<FailingListener>(
        loop, faults_,
        [this](std::unique_ptr<Pipe> pipe, Side side) { return Wrap(std::move(pipe), side); },
        delegate);
    if (absl::Status status = listener->Listen(inner_, endpoint, options); !status.ok()) {
      return status;
    }
    return listener;
  }

  absl::StatusOr<std::unique_ptr<Pipe>> Connect(const Endpoint& endpoint,
                                                const transport::ConnectOptions& options) override {
    if (absl::Status error = faults_.Begin(Operation::kConnect, Side::kClient); !error.ok()) {
      return error;
    }
    auto pipe = inner_.Connect(endpoint, options);
    if (!pipe.ok()) return pipe.status();
    return Wrap(*std::move(pipe), Side::kClient);
  }

 private:
  std::unique_ptr<Pipe> Wrap(std::unique_ptr<Pipe> pipe, Side side) const {
    if (all_sends_pending_) {
      pipe = transport::NewFaultyPipe(std::move(pipe), {.every_send_pending = true});
    }
    return std::make_unique<FailingPipe>(std::move(pipe), faults_, side);
  }

  transport::Transport& inner_;
  FaultPoint& faults_;
  const bool all_sends_pending_;
};

}  // namespace

void FaultPoint::Set(const Fault& fault, std::size_t number) {
  const std::lock_guard lock(mutex_);
  fault_ = fault;
  left_ = number;
  failed_ = false;
}

bool FaultPoint::Clear() {
  const std::lock_guard lock(mutex_);
  left_ = 0;
  return failed_;
}

absl::Status FaultPoint::Begin(Operation operation, Side side) {
  const std::lock_guard lock(mutex_);
  if (left_ == 0 || operation != fault_.operation || side != fault_.side) return absl::OkStatus();
  if (--left_ > 0) return absl::OkStatus();
  failed_ = true;
  return {fault_.error.code(), fault_.error.message()};  // TSan does not see who shares one.
}

std::unique_ptr<transport::Transport> NewFailingTransport(transport::Transport& inner,
                                                          FaultPoint& faults,
                                                          bool all_sends_pending) {
  return std::make_unique<FailingTransport>(inner, faults, all_sends_pending);
}

}  // namespace piperpc::testing
