#include "src/transport/observed_pipe.h"

#include <span>
#include <utility>

#include "src/base/exceptions.h"

namespace piperpc::transport {
namespace {

struct Observing {
  const void* owner;
  const Observing* outer;
};
thread_local const Observing* innermost = nullptr;

// Runs code of an observer. What it throws is ignored.
template <typename Code>
void RunObserver(const void* owner, Code&& code) {
  const Observing here{owner, innermost};
  innermost = &here;
  base::RunSilently(std::forward<Code>(code));
  innermost = here.outer;
}

class ObservedPipe final : public Pipe, private Pipe::Delegate {
 public:
  ObservedPipe(std::unique_ptr<Pipe> pipe, Observation observation)
      : pipe_(std::move(pipe)), observation_(std::move(observation)) {}
  ~ObservedPipe() override {
    Run([this] { observer_.reset(); });
  }

  // False: the observer does not want to see it.
  bool Begin() {
    Run([this] { observer_ = observation_.observer->OnConnected(pipe_->peer()); });
    return observer_ != nullptr;
  }
  std::unique_ptr<Pipe> TakePipe() { return std::move(pipe_); }

  void Attach(EventLoop& loop, Pipe::Delegate& delegate) override {
    delegate_ = &delegate;
    pipe_->Attach(loop, *this);
  }
  void Receive() override { pipe_->Receive(); }
  absl::StatusOr<SendResult> Send(std::span<const Bytes> slices) override;
  absl::StatusOr<std::size_t> ReceiveUntil(std::span<char> buffer,
                                           base::TimePoint deadline) override;
  bool AllRead() const override { return pipe_->AllRead(); }
  void Close(CloseMode mode, absl::AnyInvocable<void()> closed) override {
    pipe_->Close(mode, std::move(closed));
  }
  std::size_t max_packet_bytes() const override { return pipe_->max_packet_bytes(); }
  const Peer& peer() const override { return pipe_->peer(); }

 private:
  void OnReceive(Bytes packet) override {
    TellReceived(packet);
    delegate_->OnReceive(packet);
  }
  void OnReceiveError(absl::Status status) override {
    delegate_->OnReceiveError(std::move(status));
  }
  void OnSent(absl::Status status) override { delegate_->OnSent(std::move(status)); }

  void TellReceived(Bytes packet) {
    Run([&] { observer_->OnReceived(observation_.now(), packet); });
  }
  template <typename Code>
  void Run(Code code) {
    RunObserver(observation_.owner, code);
  }

  std::unique_ptr<Pipe> pipe_;
  const Observation observation_;
  std::unique_ptr<PacketObserver::Connection> observer_;
  Pipe::Delegate* delegate_ = nullptr;
};

absl::StatusOr<SendResult> ObservedPipe::Send(std::span<const Bytes> slices) {
  const base::TimePoint time = observation_.now();
  auto sent = pipe_->Send(slices);
  if (sent.ok() && *sent != SendResult::kWouldBlock) {
    Run([&] { observer_->OnSent(time, slices); });
  }
  return sent;
}

absl::StatusOr<std::size_t> ObservedPipe::ReceiveUntil(std::span<char> buffer,
                                                       base::TimePoint deadline) {
  auto size = pipe_->ReceiveUntil(buffer, deadline);
  if (size.ok()) TellReceived(buffer.first(*size));
  return size;
}

}  // namespace

std::unique_ptr<Pipe> Observe(std::unique_ptr<Pipe> pipe, Observation observation) {
  if (observation.observer == nullptr) return pipe;
  auto observed = std::make_unique<ObservedPipe>(std::move(pipe), std::move(observation));
  if (!observed->Begin()) return observed->TakePipe();
  return observed;
}

bool IsObserving(const void* owner) {
  const Observing* each = innermost;
  while (each != nullptr && each->owner != owner) each = each->outer;
  return each != nullptr;
}

}  // namespace piperpc::transport
