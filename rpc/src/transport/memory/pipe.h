// A pipe inside this process. Both ends may be on different threads and loops.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "src/transport/connection_slots.h"
#include "src/transport/event_loop.h"
#include "src/transport/memory/wire.h"
#include "src/transport/pipe.h"

namespace piperpc::transport {

class MemoryPipe final : public Pipe {
 public:
  // The two ends of a new pipe.
  static std::pair<std::unique_ptr<MemoryPipe>, std::unique_ptr<MemoryPipe>> NewPair();

  ~MemoryPipe() override;

  // What is given back when this end is closed. Before the pipe is used.
  void Hold(ConnectionSlots::Slot slot) { slot_ = std::move(slot); }

  void Attach(EventLoop& loop, Delegate& delegate) override;
  void Receive() override;
  absl::StatusOr<SendResult> Send(std::span<const Bytes> slices) override;
  absl::StatusOr<std::size_t> ReceiveUntil(std::span<char> buffer,
                                           base::TimePoint deadline) override;
  void Close(CloseMode mode, absl::AnyInvocable<void()> closed) override;
  const Peer& peer() const override { return peer_; }

 private:
  MemoryPipe(std::shared_ptr<MemoryWire> wire, int side);

  MemoryEnd& self() ABSL_EXCLUSIVE_LOCKS_REQUIRED(wire_->mutex) { return wire_->ends[side_]; }
  MemoryEnd& other() ABSL_EXCLUSIVE_LOCKS_REQUIRED(wire_->mutex) { return wire_->ends[1 - side_]; }

  void WakeReader(MemoryEnd& end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(wire_->mutex);
  void WakeWriter(MemoryEnd& end) ABSL_EXCLUSIVE_LOCKS_REQUIRED(wire_->mutex);
  void Put(std::span<const Bytes> slices) ABSL_EXCLUSIVE_LOCKS_REQUIRED(wire_->mutex);
  bool Arrived() ABSL_EXCLUSIVE_LOCKS_REQUIRED(wire_->mutex);
  std::string TakePacket() ABSL_EXCLUSIVE_LOCKS_REQUIRED(wire_->mutex);
  void HangUp() ABSL_EXCLUSIVE_LOCKS_REQUIRED(wire_->mutex);

  // On the loop.
  void FinishReceive() ABSL_LOCKS_EXCLUDED(wire_->mutex);
  void FinishSend() ABSL_LOCKS_EXCLUDED(wire_->mutex);

  const std::shared_ptr<MemoryWire> wire_;
  const int side_;
  const Peer peer_;
  EventLoop* loop_ ABSL_GUARDED_BY(wire_->mutex) = nullptr;
  Delegate* delegate_ = nullptr;  // The loop's.
  // The slices of a Send() that is under way.
  std::vector<Bytes> pending_ ABSL_GUARDED_BY(wire_->mutex);
  ConnectionSlots::Slot slot_;
};

}  // namespace piperpc::transport
