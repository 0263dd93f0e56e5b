#include "simulation/link.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "simulation/hash.h"
#include "src/transport/packet_check.h"

namespace piperpc::simulation {
namespace {

using transport::Bytes;
using transport::SendResult;

absl::Status Gone() { return absl::UnavailableError("the simulated peer is gone"); }

const char* NameOf(Side side) { return side == kClient ? "client" : "server"; }

std::string Join(std::span<const Bytes> slices) {
  std::string packet;
  for (const Bytes slice : slices) packet.append(slice.data(), slice.size());
  return packet;
}

// Short, and of all bytes.
std::string DigestOf(const std::string& bytes) {
  return absl::StrCat(bytes.size(), " bytes, ", absl::Hex(Hash(bytes), absl::kZeroPad16));
}

}  // namespace

// --- Receiving. ---

void Link::Attach(Side side, transport::EventLoop& loop, transport::Pipe::Delegate& delegate) {
  ends_[side].loop = &loop;
  ends_[side].delegate = &delegate;
}

bool Link::Readable(Side side) const {
  const End& end = ends_[side];
  if (!end.receive_error.ok()) return true;
  const base::TimePoint now = world_.scheduler.now();
  if (!end.inbox.empty()) return end.inbox.front().at <= now;
  return end.inbox_ended && end.last_at <= now;
}

void Link::Receive(Side side) {
  ends_[side].receiving = true;
  if (Readable(side)) WakeReader(side);
}

void Link::WakeReader(Side side) {
  End& end = ends_[side];
  if (!end.receiving) return;
  end.loop->Post([self = shared_from_this(), side] { self->FinishReceive(side); });
}

// Called once or more often for one Receive().
void Link::FinishReceive(Side side) {
  End& end = ends_[side];
  if (!end.receiving || !Readable(side)) return;
  end.receiving = false;
  const absl::StatusOr<std::string> packet = Take(side);
  if (!packet.ok()) return end.delegate->OnReceiveError(packet.status());
  end.delegate->OnReceive(*packet);
}

absl::Status Link::EndOfInbox(Side side) const {
  return ends_[side].receive_error.ok() ? Gone() : ends_[side].receive_error;
}

// The next packet, or why there is none.
absl::StatusOr<std::string> Link::Take(Side side) {
  End& end = ends_[side];
  if (end.inbox.empty() || !end.receive_error.ok()) return EndOfInbox(side);
  if (world_.random.Chance(world_.faults.refuse_receive)) {
    record_->fault = absl::StatusCode::kResourceExhausted;
    end.receive_error = absl::ResourceExhaustedError("no memory for a simulated packet");
    Break("no memory to receive");
    return end.receive_error;
  }
  std::string packet = std::move(end.inbox.front().bytes);
  end.inbox.pop_front();
  end.inbox_bytes -= packet.size();
  world_.trace.Add(
      absl::StrCat("link ", record_->number, ": ", NameOf(side), " receives ", DigestOf(packet)));
  WakeWriter(Other(side));
  return packet;
}

absl::StatusOr<std::size_t> Link::ReceiveUntil(Side side, std::span<char> buffer,
                                               base::TimePoint deadline) {
  if (!Readable(side) && deadline > world_.scheduler.now()) {
    world_.scheduler.BlockUntil(deadline, [this, side] { return Readable(side); });
  }
  if (!Readable(side)) return absl::DeadlineExceededError("");
  const absl::StatusOr<std::string> packet = Take(side);
  if (!packet.ok()) return packet.status();
  world_.trace.Require(packet->size() <= buffer.size(), "no packet is above the reader's limit");
  std::copy(packet->begin(), packet->end(), buffer.begin());
  return packet->size();
}

// --- Sending. ---

bool Link::HasRoom(Side side, std::size_t size) const {
  if (ends_[side].stalled_until > world_.scheduler.now()) return false;
  const End& to = ends_[Other(side)];
  return to.inbox.empty() || to.inbox_bytes + size <= world_.faults.capacity;
}

absl::StatusOr<SendResult> Link::Send(Side side, std::span<const Bytes> slices) {
  if (absl::Status status = transport::CheckPacket(slices); !status.ok()) return status;
  world_.trace.Require(!ends_[side].sending, "one packet is sent at a time");
  if (broken_ || !ends_[Other(side)].open) return Gone();
  if (world_.random.Chance(world_.faults.refuse_send)) {
    record_->fault = absl::StatusCode::kResourceExhausted;
    Break("no memory to send");
    return absl::ResourceExhaustedError("no memory for a simulated packet");
  }
  if (world_.random.Chance(world_.faults.stall)) Stall(side);
  if (HasRoom(side, transport::PacketSize(slices))) {
    Put(side, Join(slices));
    return SendResult::kSent;
  }
  if (ends_[side].loop == nullptr) return SendResult::kWouldBlock;
  ends_[side].pending.assign(slices.begin(), slices.end());
  ends_[side].sending = true;
  return SendResult::kPending;
}

void Link::Stall(Side side) {
  const base::Duration time = world_.random.Delay(world_.faults.longest_stall);
  ends_[side].stalled_until = world_.scheduler.now() + time;
  WakeAt(ends_[side].stalled_until);
}

void Link::WakeWriter(Side side) {
  End& end = ends_[side];
  if (!end.sending) return;
  end.loop->Post([self = shared_from_this(), side] { self->FinishSend(side); });
}

void Link::FinishSend(Side side) {
  End& end = ends_[side];
  if (!end.sending) return;
  const bool gone = broken_ || !ends_[Other(side)].open;
  if (!gone && !HasRoom(side, transport::PacketSize(end.pending))) return;
  end.sending = false;
  std::string packet = Join(std::exchange(end.pending, {}));
  if (!gone) Put(side, std::move(packet));
  end.delegate->OnSent(gone ? Gone() : absl::OkStatus());
}

void Link::Put(Side side, std::string packet) {
  world_.trace.Add(
      absl::StrCat("link ", record_->number, ": ", NameOf(side), " sends ", DigestOf(packet)));
  if (const char* const broken = sent_[side].Check(packet)) world_.trace.Violate(broken);
  const bool lost = world_.random.Chance(world_.faults.lose);
  if (world_.bug != Bug::kNone && world_.random.Chance(30)) {
    PutWrongly(side, std::move(packet));
  } else {
    Arrive(Other(side), std::move(packet));
  }
  if (lost) Break("lost");
}

void Link::PutWrongly(Side side, std::string packet) {
  const Side to = Other(side);
  switch (world_.bug) {
    case Bug::kTwice:
      Arrive(to, packet);
      return Arrive(to, std::move(packet));
    case Bug::kSwapped:
      Arrive(to, std::move(packet));
      if (std::deque<Packet>& inbox = ends_[to].inbox; inbox.size() > 1) {
        std::swap(inbox[inbox.size() - 1].bytes, inbox[inbox.size() - 2].bytes);
      }
      return;
    case Bug::kCut:
      packet.resize(packet.size() / 2 + 1);
      return Arrive(to, std::move(packet));
    default:
      return;  // It is dropped.
  }
}

void Link::Arrive(Side to, std::string packet) {
  End& end = ends_[to];
  end.last_at =
      std::max(end.last_at, world_.scheduler.now() + world_.random.Delay(world_.faults.delay));
  end.inbox_bytes += packet.size();
  end.inbox.push_back({end.last_at, std::move(packet)});
  WakeAt(end.last_at);
}

// Whoever waits looks up then.
void Link::WakeAt(base::TimePoint when) {
  world_.scheduler.At(when, [self = shared_from_this()] {
    for (const Side side : {kClient, kServer}) {
      if (self->Readable(side)) self->WakeReader(side);
      self->WakeWriter(side);
    }
  });
}

// --- The end. ---

void Link::Break(const char* why) {
  if (std::exchange(broken_, true)) return;
  world_.trace.Add(absl::StrCat("link ", record_->number, ": ", why));
  record_->Hurt(absl::StatusCode::kUnavailable);
  for (const Side side : {kClient, kServer}) EndInbox(side, true);
}

// What has not been read by then may be lost: the last ones of it.
void Link::EndInbox(Side side, bool may_lose) {
  End& end = ends_[side];
  if (end.inbox_ended) return;
  end.inbox_ended = true;
  std::size_t kept = may_lose ? world_.random.Below(end.inbox.size() + 1) : end.inbox.size();
  for (; end.inbox.size() > kept; end.inbox.pop_back()) {
    end.inbox_bytes -= end.inbox.back().bytes.size();
  }
  end.last_at = std::max(end.inbox.empty() ? base::TimePoint() : end.inbox.back().at,
                         world_.scheduler.now() + world_.random.Delay(world_.faults.delay));
  WakeAt(end.last_at);
}

void Link::Close(Side side, transport::CloseMode mode, absl::AnyInvocable<void()> closed) {
  EndInbox(Other(side), mode == transport::CloseMode::kAbort);
  LetGo(side);
  End& end = ends_[side];
  if (end.loop == nullptr) return closed();
  const base::Duration longest = mode == transport::CloseMode::kDrain && !AllRead(side)
                                     ? transport::kDrainLimit
                                     : base::Duration::zero();
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(longest);
  world_.scheduler.At(
      world_.scheduler.now() + world_.random.Delay(micros),
      [loop = end.loop, closed = std::move(closed)]() mutable { loop->Post(std::move(closed)); });
}

void Link::LetGo(Side side) {
  End& end = ends_[side];
  if (!std::exchange(end.open, false)) return;
  world_.trace.Add(absl::StrCat("link ", record_->number, ": ", NameOf(side), " closes"));
  if (side == kClient) record_->client_closed = world_.scheduler.now();
  end.receiving = false;
  end.sending = false;
  end.inbox.clear();
  end.inbox_bytes = 0;
  EndInbox(Other(side), true);
  WakeWriter(Other(side));
}

}  // namespace piperpc::simulation
