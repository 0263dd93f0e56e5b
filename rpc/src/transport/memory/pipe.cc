#include "src/transport/memory/pipe.h"

#include <algorithm>

#include "piperpc/peer.h"
#include "src/transport/packet_check.h"

namespace piperpc::transport {
namespace {

absl::Status PeerGone() { return absl::UnavailableError("the peer has closed the pipe"); }

}  // namespace

std::pair<std::unique_ptr<MemoryPipe>, std::unique_ptr<MemoryPipe>> MemoryPipe::NewPair() {
  const auto wire = std::make_shared<MemoryWire>();
  return {std::unique_ptr<MemoryPipe>(new MemoryPipe(wire, 0)),
          std::unique_ptr<MemoryPipe>(new MemoryPipe(wire, 1))};
}

MemoryPipe::MemoryPipe(std::shared_ptr<MemoryWire> wire, int side)
    : wire_(std::move(wire)), side_(side), peer_(OwnPeer()) {}

MemoryPipe::~MemoryPipe() {
  const internal::MutexLock lock(wire_->mutex);
  HangUp();
}

void MemoryPipe::Attach(EventLoop& loop, Delegate& delegate) {
  const internal::MutexLock lock(wire_->mutex);
  loop_ = &loop;
  delegate_ = &delegate;
  self().pipe = this;
}

void MemoryPipe::Receive() {
  const internal::MutexLock lock(wire_->mutex);
  self().receiving = true;
  if (Arrived()) WakeReader(self());
}

absl::StatusOr<SendResult> MemoryPipe::Send(std::span<const Bytes> slices) {
  if (absl::Status status = CheckPacket(slices); !status.ok()) return status;
  const internal::MutexLock lock(wire_->mutex);
  if (!other().open) return PeerGone();
  if (other().HasRoom(PacketSize(slices))) {
    Put(slices);
    return SendResult::kSent;
  }
  if (loop_ == nullptr) return SendResult::kWouldBlock;
  pending_.assign(slices.begin(), slices.end());
  self().sending = true;
  return SendResult::kPending;
}

absl::StatusOr<std::size_t> MemoryPipe::ReceiveUntil(std::span<char> buffer,
                                                     base::TimePoint deadline) {
  internal::MutexLock lock(wire_->mutex);
  // A time that is long gone must not reach the wait: not every system's takes it for what it is.
  bool in_time = deadline > base::Clock::now();
  while (!Arrived() && in_time) in_time = lock.WaitUntil(self().arrived, deadline);
  if (!Arrived()) return absl::DeadlineExceededError("");
  if (self().inbox.empty()) return PeerGone();
  const std::string packet = TakePacket();
  std::copy(packet.begin(), packet.end(), buffer.begin());
  return packet.size();
}

// What was sent stays in the other end's inbox: there is nothing to drain.
void MemoryPipe::Close(CloseMode, absl::AnyInvocable<void()> closed) {
  EventLoop* loop = nullptr;
  {
    const internal::MutexLock lock(wire_->mutex);
    HangUp();
    loop = loop_;
  }
  slot_.Reset();
  if (loop == nullptr) return closed();
  loop->Post(std::move(closed));  // After all that was posted for this end while it was open.
}

void MemoryPipe::WakeReader(MemoryEnd& end) {
  end.arrived.notify_one();
  if (!end.receiving) return;
  end.pipe->wire_->mutex.AssertHeld();  // It is the same wire.
  end.pipe->loop_->Post([pipe = end.pipe] { pipe->FinishReceive(); });
}

void MemoryPipe::WakeWriter(MemoryEnd& end) {
  if (!end.sending) return;
  end.pipe->wire_->mutex.AssertHeld();
  end.pipe->loop_->Post([pipe = end.pipe] { pipe->FinishSend(); });
}

// Who is woken sees the packet once the lock is given back. First, for it may throw: then nothing
// was sent.
void MemoryPipe::Put(std::span<const Bytes> slices) {
  WakeReader(other());
  std::string packet;
  packet.reserve(PacketSize(slices));
  for (const Bytes slice : slices) packet.append(slice.data(), slice.size());
  const std::size_t size = packet.size();
  other().inbox.push_back(std::move(packet));
  other().bytes += size;
}

// A packet, or the end.
bool MemoryPipe::Arrived() { return !self().inbox.empty() || !other().open; }

std::string MemoryPipe::TakePacket() {
  WakeWriter(other());  // First, as in Put().
  std::string packet = std::move(self().inbox.front());
  self().inbox.pop_front();
  self().bytes -= packet.size();
  return packet;
}

void MemoryPipe::HangUp() {
  if (!self().open) return;
  self().open = false;
  self().receiving = false;
  self().sending = false;
  self().inbox.clear();
  WakeReader(other());
  WakeWriter(other());
}

// Called once or more often for one Receive(): several reasons may have woken the reader.
void MemoryPipe::FinishReceive() {
  internal::MutexLock lock(wire_->mutex);
  if (!self().receiving) return;
  if (!Arrived()) return;
  self().receiving = false;
  if (self().inbox.empty()) {
    lock.Unlock();
    return delegate_->OnReceiveError(PeerGone());
  }
  const std::string packet = TakePacket();
  lock.Unlock();
  delegate_->OnReceive(packet);
}

void MemoryPipe::FinishSend() {
  internal::MutexLock lock(wire_->mutex);
  if (!self().sending) return;
  const bool peer_open = other().open;
  if (peer_open && !other().HasRoom(PacketSize(pending_))) return;
  if (peer_open) Put(pending_);
  self().sending = false;
  pending_ = {};
  lock.Unlock();
  delegate_->OnSent(peer_open ? absl::OkStatus() : PeerGone());
}

}  // namespace piperpc::transport
