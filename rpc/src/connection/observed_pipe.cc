#include "src/connection/observed_pipe.h"

#include <utility>

#include "src/base/exceptions.h"

namespace piperpc::connection {
namespace {

using transport::Bytes;
using transport::CloseMode;
using transport::EventLoop;
using transport::Pipe;
using transport::SendResult;

thread_local bool observing = false;

template <typename Code>
void RunObserver(Code&& code) {
  const bool outer = std::exchange(observing, true);
  base::RunSilently(std::forward<Code>(code));
  observing = outer;
}

class ObservedPipe final : public Pipe, private Pipe::Delegate {
 public:
  ObservedPipe(std::unique_ptr<Pipe> pipe, std::unique_ptr<PacketObserver::Connection> observer,
               std::function<base::TimePoint()> now)
      : pipe_(std::move(pipe)), observer_(std::move(observer)), now_(std::move(now)) {}
  ~ObservedPipe() override {
    RunObserver([this] { observer_.reset(); });
  }

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
    RunObserver([&] { observer_->OnReceived(now_(), packet); });
  }

  const std::unique_ptr<Pipe> pipe_;
  std::unique_ptr<PacketObserver::Connection> observer_;
  const std::function<base::TimePoint()> now_;
  Pipe::Delegate* delegate_ = nullptr;
};

absl::StatusOr<SendResult> ObservedPipe::Send(std::span<const Bytes> slices) {
  const base::TimePoint time = now_();
  auto sent = pipe_->Send(slices);
  if (sent.ok() && *sent != SendResult::kWouldBlock) {
    RunObserver([&] { observer_->OnSent(time, slices); });
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

std::unique_ptr<Pipe> Observe(PacketObserver* observer, std::unique_ptr<Pipe> pipe,
                              std::function<base::TimePoint()> now) {
  std::unique_ptr<PacketObserver::Connection> connection;
  if (observer != nullptr) {
    RunObserver([&] { connection = observer->OnConnected(pipe->peer()); });
  }
  if (connection == nullptr) return pipe;
  return std::make_unique<ObservedPipe>(std::move(pipe), std::move(connection), std::move(now));
}

bool InPacketObserver() { return observing; }

}  // namespace piperpc::connection
