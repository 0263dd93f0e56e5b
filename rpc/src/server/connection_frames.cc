// What a connection does with each kind of frame. PROTOCOL.md, "Kinds", is the table behind it.
#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>

#include "piperpc/internal/visible_text.h"
#include "src/base/text.h"
#include "src/connection/flush_rules.h"
#include "src/connection/violations.h"
#include "src/server/connection.h"
#include "src/server/errors.h"
#include "src/server/refused_call.h"

namespace piperpc::server {
namespace {

// At most this many frames of one connection are looked at before the others on the loop are
// served.
constexpr std::size_t kFramesAtOnce = 128;

// The same while the server has several users.
constexpr std::size_t kFramesAtOnceShared = 32;

// For the only user, the clock is read anew after so many frames of a packet.
constexpr std::size_t kFramesBetweenClockReads = 8;

base::Duration TimeoutOf(const wire::FrameHeader& header) {
  constexpr std::uint64_t kLongest = std::uint64_t{1} << 50;  // 35 years: no deadline.
  if (header.timeout_us == 0 || header.timeout_us > kLongest) return base::Duration::max();
  return std::chrono::microseconds(header.timeout_us);
}

}  // namespace

absl::Status Connection::OnPacket(transport::Bytes packet) {
  if (absl::Status damage = CheckPacket(packet); !damage.ok()) return damage;
  packet_time_ = loop().Now();
  host().BeginPacket(packet_time_);
  return OnFrames(packet, packet_time_);
}

absl::Status Connection::OnFrames(transport::Bytes frames, base::TimePoint now) {
  wire::Frame frame;
  wire::PacketReader reader(frames);
  const bool shared = core().is_shared();
  const std::size_t most = shared ? kFramesAtOnceShared : kFramesAtOnce;
  for (std::size_t looked_at = 0; !reader.done() && !ending(); ++looked_at) {
    if (!shared && looked_at != 0 && looked_at % kFramesBetweenClockReads == 0) now = loop().Now();
    if (looked_at == most || IsTimeForOthers(shared, now) || !MayReadMoreFrames()) {
      return KeepForLater(reader.rest());
    }
    const transport::Bytes from_here = reader.rest();
    if (!reader.Next(frame)) return reader.damage();
    if (!MayTake(frame.header)) {
      kept_waits_ = true;
      return KeepForLater(from_here);
    }
    if (ending()) break;  // What was flushed to make room has shown that the client is gone.
    absl::Status status = OnFrame(frame);
    DestroyEndedCalls();  // Their memory is the next ones', while it is warm.
    if (shared) {
      const base::TimePoint begin = std::exchange(now, loop().Now());
      user_queue().CountFrame(from_here.size() - reader.rest().size(), now - begin);
    }
    if (!status.ok()) return status;
    if (outbox().counted() >= connection::kFramesOfAPacket) Flush();
  }
  return absl::OkStatus();
}

// Where users share the loop, each has a part of an iteration, but for what a client sends first. A
// user alone has it all, but not for ever: others may want to connect.
bool Connection::IsTimeForOthers(bool shared, base::TimePoint now) {
  if (shared) return hello_received() && user_queue().work_used_up();
  return host().IsLongIteration(now) && !user_queue().keeps_too_much();
}

// What a client does not read of the replies must not pile up, however many requests its packet
// has.
bool Connection::MayReadMoreFrames() {
  if (writable()) return true;
  Flush();
  return writable();
}

// A call counts until its response is sent. A client that keeps to the limit has read the responses
// of those that it does not count any more, so it never waits here.
bool Connection::MayTake(const wire::FrameHeader& header) {
  if (header.kind != wire::FrameKind::kRequest || MayBeginCall()) return true;
  if (header.call_id <= last_call_id_) return true;  // Not a new call.
  Flush();
  return MayBeginCall();
}

// Without responses that wait, it is refused when there are too many.
bool Connection::MayBeginCall() const {
  const std::size_t unsent = outbox().counted();
  return unsent == 0 || calls_.size() + unsent < core().options.max_calls_per_connection;
}

// Beside other users, one user's must not fill the memory: whoever keeps more than it did has to
// go, and not one that waits.
absl::Status Connection::KeepForLater(transport::Bytes frames) {
  if (kept_ == nullptr) kept_ = std::make_unique<KeptFrames>(*this);
  if (!kept_->Keep(frames)) return absl::OkStatus();
  if (!core().is_shared() || !user_queue().keeps_too_much()) return absl::OkStatus();
  kept_->Clear();
  return TooMuchKept(UserQueue::kMostKept);
}

// The rest of a packet, from where it was left. OnIterationEnd(), which comes after it, sees to a
// rest that is still left, or to the next packet.
void Connection::ReadKept() {
  Run([this] { ReadKeptFrames(); });
}

void Connection::ReadKeptFrames() {
  if (ending()) return;
  loop().Defer(*this);
  kept_waits_ = false;
  const transport::Bytes frames = kept_->frames();
  kept_->Advance(frames.size());
  const base::TimePoint now = loop().Now();
  host().BeginKeptPacket(now);
  if (absl::Status status = OnFrames(frames, now); !status.ok()) Fail(std::move(status));
  if (kept_->empty()) kept_->Clear();
}

bool Connection::KeptFrames::Keep(transport::Bytes frames) {
  const bool added = bytes_.empty();
  if (added) {
    std::memcpy(bytes_.Append(frames.size()), frames.data(), frames.size());
    connection_.user_queue().CountKept(bytes_.capacity());
  }
  begin_ = bytes_.size() - frames.size();
  if (added || std::exchange(waiting_, begin_) != begin_) since_ = connection_.loop().Now();
  return added;
}

void Connection::KeptFrames::Clear() {
  begin_ = waiting_ = 0;
  connection_.user_queue().UncountKept(bytes_.capacity());
  bytes_ = {};
}

absl::Status Connection::OnFrame(const wire::Frame& frame) {
  if (!hello_received()) return OnFirstFrame(frame);
  switch (frame.header.kind) {
    case wire::FrameKind::kRequest:
      return OnRequest(frame);
    case wire::FrameKind::kMessage:
    case wire::FrameKind::kHalfClose:
    case wire::FrameKind::kCredit:
    case wire::FrameKind::kCancel:
      return OnCallFrame(frame);
    default:
      return OnControlFrame(frame);
  }
}

absl::Status Connection::OnHello(const wire::Hello& hello, std::uint32_t version) {
  TakeHello(hello);
  loop().Cancel(*this);
  host().OnHello(*this);  // Before anything that may fail: it awaits no Hello any more.
  Send({.kind = wire::FrameKind::kHello}, core().hello.For(version));
  return absl::OkStatus();
}

absl::Status Connection::OnRequest(const wire::Frame& frame) {
  const wire::FrameHeader& header = frame.header;
  if (header.call_id > last_call_id_) return OnNewCall(frame);
  const bool continues = header.call_id != 0 && header.method.empty();
  if (!continues) return CallIdNotAboveLast(header.call_id, last_call_id_);
  Call* const call = calls_.Find(header.call_id);
  return call == nullptr ? absl::OkStatus() : call->OnMessageFrame(frame);
}

absl::Status Connection::OnNewCall(const wire::Frame& frame) {
  const wire::FrameHeader& header = frame.header;
  if (peer_going_away()) return RequestAfterGoaway(header.call_id);
  if (going_away()) return absl::OkStatus();  // Above the goaway's last_call_id: not looked at.
  if (absl::Status damage = wire::CheckMetadataFields(header.metadata); !damage.ok()) return damage;
  if (!header.end() && (header.more() || !frame.payload.empty())) return PayloadWithoutEnd(frame);
  last_call_id_ = header.call_id;
  const Dispatcher::Entry* entry = FindMethod(header.method);
  if (entry == nullptr) entry = core().dispatcher.FindCatchAll(header.method, header.end());
  if (absl::Status refusal = Refusal(header, entry); !refusal.ok()) {
    Refuse(header, std::move(refusal));
    return absl::OkStatus();
  }
  starting_.reset(new (host().call_memory()) Call(*this, header.call_id, *entry, header.method,
                                                  packet_time_, TimeoutOf(header)));
  return StartCall(frame);
}

// Without middleware, most of it is not needed. A name that is none could mislead who logs it.
void Connection::Refuse(const wire::FrameHeader& header, absl::Status refusal) {
  if (metrics::Registry* const registry = core().registry()) {
    metrics::Add(registry->server().refused_calls, refusal.code());
  }
  if (core().options.middleware.empty() || header.method.empty()) {
    return SendResponse(header.call_id, refusal, {}, nullptr);
  }
  wire::FrameHeader shown = header;
  std::string visible;
  if (!Dispatcher::IsMethodName(header.method)) {
    visible = internal::VisibleBeginning(header.method);
    shown.method = visible;
  }
  RefusedCall(*this, shown, packet_time_, TimeoutOf(header)).End(std::move(refusal));
}

// A client tends to call what it has just called.
const Dispatcher::Entry* Connection::FindMethod(std::string_view name) {
  if (last_method_ == nullptr || last_method_->method->name != name) {
    last_method_ = core().dispatcher.Find(name);
  }
  return last_method_;
}

// Most calls have ended when this returns, and were never in the table, nor had a timer.
absl::Status Connection::StartCall(const wire::Frame& frame) {
  Call& call = *starting_;
  call.CheckAdmission(frame.header.metadata);
  absl::Status status = frame.header.end() ? call.OnMessageFrame(frame) : absl::OkStatus();
  if (call.ended()) {
    starting_.reset();
  } else {
    call.ArmDeadline();
    calls_.Add(*starting_);
    static_cast<void>(starting_.release());  // The table's now.
  }
  return status;
}

absl::Status Connection::Refusal(const wire::FrameHeader& header,
                                 const Dispatcher::Entry* entry) const {
  const ServerOptions& options = core().options;
  if (calls_.size() >= options.max_calls_per_connection) {
    return TooManyCalls(calls_.size(), options.max_calls_per_connection);
  }
  if (entry == nullptr) return core().dispatcher.NotFound(header.method);
  if (header.end() == StreamsRequests(entry->method->type)) return WrongMethodType(header);
  if (header.metadata.size() > options.max_metadata_bytes) {
    return MetadataTooLarge(header.metadata.size(), options.max_metadata_bytes);
  }
  return absl::OkStatus();
}

absl::Status Connection::OnCallFrame(const wire::Frame& frame) {
  const wire::FrameHeader& header = frame.header;
  if (header.call_id == 0 || (header.call_id > last_call_id_ && !going_away())) {
    return connection::CallNeverBegun(header);
  }
  Call* const call = calls_.Find(header.call_id);
  if (call == nullptr) return absl::OkStatus();  // It has ended; the client does not know yet.
  switch (header.kind) {
    case wire::FrameKind::kMessage:
      return call->OnMessageFrame(frame);
    case wire::FrameKind::kHalfClose:
      return call->OnHalfClose();
    case wire::FrameKind::kCredit:
      call->OnCredit(header.credit);
      return absl::OkStatus();
    default:
      OnCancel(*call);
      return absl::OkStatus();
  }
}

// It costs a slot until its handler has ended, and nothing else: clients give up all the time.
void Connection::OnCancel(Call& call) {
  outbox().Drop(call.id());
  call.Cancel();
}

absl::Status Connection::OnGoaway(const wire::Goaway& goaway, bool /*again*/) {
  if (goaway.status.ok()) return absl::OkStatus();
  core().Log(LogLevel::kWarning, "client ended the connection", [&] {
    return WithPeer(peer(),
                    {{"reason", internal::VisibleBeginning(base::ToStd(goaway.status.message()))}});
  });
  BeginEnding();
  LimitClosing();
  StopCalls(absl::CancelledError("the client ended the connection"));
  return absl::OkStatus();
}

}  // namespace piperpc::server
