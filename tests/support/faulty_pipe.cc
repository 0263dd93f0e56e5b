#include "support/faulty_pipe.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace piperpc::transport {
namespace {

constexpr char kFlip = 0x55;

absl::Status Dropped() { return absl::UnavailableError("a fault: the connection was dropped"); }

// Spoils packet `number`; what is left of it may be empty, and is kept at one byte then.
void Spoil(std::string& packet, std::size_t number, std::optional<std::size_t> truncate,
           std::optional<std::size_t> corrupt) {
  if (number == truncate && packet.size() > 1) packet.pop_back();
  if (number == corrupt) packet[packet.size() / 2] ^= kFlip;
}

class FaultyPipe final : public Pipe, private Pipe::Delegate, private EventLoop::Timer {
 public:
  FaultyPipe(std::unique_ptr<Pipe> inner, const Faults& faults)
      : inner_(std::move(inner)), faults_(faults) {}

  void Attach(EventLoop& loop, Pipe::Delegate& delegate) override {
    loop_ = &loop;
    delegate_ = &delegate;
    inner_->Attach(loop, *this);
  }

  void Receive() override {
    if (!dropped()) return inner_->Receive();
    loop_->Post([this] {
      if (!closing_) delegate_->OnReceiveError(Dropped());
    });
  }

  absl::StatusOr<SendResult> Send(std::span<const Bytes> slices) override;
  absl::StatusOr<std::size_t> ReceiveUntil(std::span<char> buffer,
                                           base::TimePoint deadline) override;
  void Close(CloseMode mode, absl::AnyInvocable<void()> closed) override;
  const Peer& peer() const override { return inner_->peer(); }

 private:
  bool dropped() const {
    return faults_.drop_after.has_value() && received_ >= *faults_.drop_after;
  }

  std::string NextReceived(Bytes packet) {
    std::string spoiled(packet.data(), packet.size());
    Spoil(spoiled, ++received_, faults_.truncate_received, faults_.corrupt_received);
    return spoiled;
  }

  void OnReceive(Bytes packet) override { delegate_->OnReceive(NextReceived(packet)); }
  void OnReceiveError(absl::Status status) override {
    delegate_->OnReceiveError(std::move(status));
  }
  void OnSent(absl::Status status) override { TellSent(std::move(status)); }
  void OnTimer() override { delegate_->OnSent(std::exchange(result_, absl::OkStatus())); }

  // Any thread.
  SendResult TellLater() {
    loop_->Post([this] {
      if (!closing_) TellSent(absl::OkStatus());
    });
    return SendResult::kPending;
  }

  void TellSent(absl::Status status) {
    result_ = std::move(status);
    loop_->Schedule(*this, base::After(faults_.send_delay));
  }

  const std::unique_ptr<Pipe> inner_;
  const Faults faults_;
  EventLoop* loop_ = nullptr;
  Pipe::Delegate* delegate_ = nullptr;
  std::size_t sent_ = 0;
  std::size_t received_ = 0;
  std::string packet_;   // What is really sent; stays as it is while that is pending.
  absl::Status result_;  // For OnSent(), which the timer calls.
  bool closing_ = false;
};

absl::StatusOr<SendResult> FaultyPipe::Send(std::span<const Bytes> slices) {
  const std::size_t number = sent_ + 1;
  if (faults_.fail_send.has_value() && number >= *faults_.fail_send) return Dropped();
  packet_.clear();
  for (const Bytes slice : slices) packet_.append(slice.data(), slice.size());
  if (!packet_.empty()) Spoil(packet_, number, faults_.truncate_sent, faults_.corrupt_sent);
  const Bytes whole(packet_);
  absl::StatusOr<SendResult> result = inner_->Send(std::span(&whole, 1));
  if (result.ok() && *result != SendResult::kWouldBlock) sent_ = number;
  const bool sent = result.ok() && *result == SendResult::kSent;
  return sent && faults_.every_send_pending && loop_ != nullptr ? TellLater() : result;
}

absl::StatusOr<std::size_t> FaultyPipe::ReceiveUntil(std::span<char> buffer,
                                                     base::TimePoint deadline) {
  if (dropped()) return Dropped();
  const absl::StatusOr<std::size_t> size = inner_->ReceiveUntil(buffer, deadline);
  if (!size.ok()) return size;
  const std::string packet = NextReceived({buffer.data(), *size});
  std::copy(packet.begin(), packet.end(), buffer.begin());
  return packet.size();
}

void FaultyPipe::Close(CloseMode mode, absl::AnyInvocable<void()> closed) {
  closing_ = true;
  if (loop_ != nullptr) loop_->Cancel(*this);
  inner_->Close(mode, std::move(closed));
}

class FaultyTransport final : public Transport {
 public:
  FaultyTransport(Transport& inner, const Faults& faults) : inner_(inner), faults_(faults) {}

  std::string_view name() const override { return inner_.name(); }
  absl::StatusOr<std::unique_ptr<EventLoop>> NewLoop() override { return inner_.NewLoop(); }
  absl::StatusOr<std::unique_ptr<Listener>> Listen(EventLoop& loop, const Endpoint& endpoint,
                                                   const ListenOptions& options,
                                                   Listener::Delegate& delegate) override {
    return inner_.Listen(loop, endpoint, options, delegate);
  }

  absl::StatusOr<std::unique_ptr<Pipe>> Connect(const Endpoint& endpoint,
                                                const ConnectOptions& options) override {
    absl::StatusOr<std::unique_ptr<Pipe>> pipe = inner_.Connect(endpoint, options);
    if (!pipe.ok()) return pipe.status();
    return NewFaultyPipe(*std::move(pipe), faults_);
  }

 private:
  Transport& inner_;
  const Faults faults_;
};

}  // namespace

std::unique_ptr<Transport> NewFaultyTransport(Transport& inner, const Faults& faults) {
  return std::make_unique<FaultyTransport>(inner, faults);
}

std::unique_ptr<Pipe> NewFaultyPipe(std::unique_ptr<Pipe> inner, const Faults& faults) {
  return std::make_unique<FaultyPipe>(std::move(inner), faults);
}

}  // namespace piperpc::transport
