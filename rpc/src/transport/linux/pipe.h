// A pipe on a SOCK_SEQPACKET socket, for both loops.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "src/transport/connection_slots.h"
#include "src/transport/linux/socket_loop.h"
#include "src/transport/pipe.h"

namespace piperpc::transport {

class SocketPipe final : public Pipe, private SocketLoop::Source {
 public:
  // `fd`: connected and in blocking mode. `slot`: empty on the client's side.
  SocketPipe(UniqueFd fd, Peer peer, ConnectionSlots::Slot slot);
  ~SocketPipe() override;

  void Attach(EventLoop& loop, Delegate& delegate) override;
  void Receive() override;
  absl::StatusOr<SendResult> Send(std::span<const Bytes> slices) override;
  absl::StatusOr<std::size_t> ReceiveUntil(std::span<char> buffer,
                                           base::TimePoint deadline) override;
  bool AllRead() const override;
  void Close(CloseMode mode, absl::AnyInvocable<void()> closed) override;
  const Peer& peer() const override { return peer_; }

 private:
  struct Closing;

  void OnReceived(std::ptrdiff_t result, const char* data) override;
  void OnReadable(int) override {}  // Never started.
  void OnWritable(int wait_error) override;
  void OnReleased() override;

  absl::StatusOr<SendResult> NotSent(int error, std::span<const Bytes> slices);
  SendResult KeepUntilWritable(std::span<const Bytes> slices);
  std::ptrdiff_t ReceiveOnce(std::span<char> buffer, base::TimePoint deadline);
  bool LimitWait(base::Duration left);
  bool IsFirstReset(std::ptrdiff_t result);
  void CloseDetached(CloseMode mode);
  void CloseSocket();
  void ThrowInputAway();
  void Drain();
  void Discard(std::ptrdiff_t result);
  void Release();

  SocketLoop* loop_ = nullptr;  // Null: detached.
  Delegate* delegate_ = nullptr;
  std::vector<Bytes> pending_;        // The slices of a Send() that is under way.
  std::unique_ptr<Closing> closing_;  // Null: open.
  base::Duration wait_limit_ =
      base::Duration::zero();       // What SO_RCVTIMEO is set to; zero: not set.
  bool roomy_ = false;              // As of SetSendBuffer(). Most never need that.
  const std::uint32_t generation_;  // Of the process that made it.
  bool reset_seen_ = false;
  bool receiving_ = false;
  bool peer_ended_ = false;
  ConnectionSlots::Slot slot_;
  const Peer peer_;
};

}  // namespace piperpc::transport
