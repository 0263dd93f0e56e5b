// How a call's requests come to its handler: put together, counted, kept until they are read.
#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

#include "piperpc/internal/thunks.h"
#include "src/base/memory.h"
#include "src/server/call.h"
#include "src/server/call_connection.h"
#include "src/server/errors.h"

namespace piperpc::server {
namespace {

// The memory of a message that waits for its handler, with its list node and its string.
std::size_t MemoryOf(std::size_t message_size) { return message_size + kMessageOverhead; }

// Requests up to this size are counted only when their handlers have not ended at once.
constexpr std::size_t kSmallRequest = 4096;

// How long a message of `size` bytes may take to arrive.
base::Duration TimeFor(std::uint64_t size, std::chrono::milliseconds timeout) {
  const std::chrono::seconds more(size >> 20);
  const base::Duration time = base::Saturated(timeout);
  return time > base::Duration::max() - more ? base::Duration::max() : time + more;
}

}  // namespace

absl::Status Call::OnMessageFrame(const wire::Frame& frame) {
  return base::RunInMemory([&] { return TakeMessageFrame(frame); },
                           [&] {
                             const std::uint64_t stated = frame.header.message_size;
                             StopWithoutMemory(
                                 "a message",
                                 std::max({stated, assembler_.expected(),
                                           static_cast<std::uint64_t>(frame.payload.size())}));
                             return absl::OkStatus();
                           });
}

void Call::StopWithoutMemory(std::string_view what, std::size_t bytes) {
  connection_.LogNoMemory(method(), what, bytes);
  Stop(base::OutOfMemory(what, bytes));
}

absl::Status Call::TakeMessageFrame(const wire::Frame& frame) {
  if (ended_ || !stopped_.ok()) return absl::OkStatus();
  const bool request = frame.header.kind == wire::FrameKind::kRequest;
  if (half_closed_) return MessageAfterLast(id_);
  if (request == StreamsRequests(entry_.method->type)) return FrameCannotCarryMessage(frame.header);
  const ServerOptions& options = connection_.core().options;
  auto outcome = assembler_.Add(frame, options.max_message_bytes, &connection_.memory());
  if (!outcome.ok()) {
    if (!absl::IsResourceExhausted(outcome.status())) return outcome.status();
    Stop(outcome.status());
    return absl::OkStatus();
  }
  if (outcome->result == connection::MessageAssembler::Result::kMore) {
    OnPart(request);
    return absl::OkStatus();
  }
  message_due_ = base::kNever;
  if (counted()) [[unlikely]]
    CountReceived(outcome->message.size());
  if (request) {
    half_closed_ = true;  // It is the only one.
    Begin(outcome->message);
  } else {
    Deliver(outcome->message);
  }
  assembler_.Clear();
  return absl::OkStatus();
}

// A message holds memory from its first frame on: so it needs its credit then, and must not take
// for ever.
void Call::OnPart(bool request) {
  if (!request && !receive_credit_.may_receive()) return StopWithoutCredit(assembler_.expected());
  if (message_due_ == base::kNever) ExpectRest();
}

// What is slow for its size alone has time for that.
void Call::ExpectRest() {
  const std::uint64_t size = assembler_.expected();
  message_due_ = base::After(TimeFor(size, connection_.core().options.message_timeout),
                             connection_.loop().Now());
  ArmDeadline();
}

void Call::StopTooSlow() {
  const std::uint64_t size = assembler_.expected();
  Stop(MessageTooSlow(size, TimeFor(size, connection_.core().options.message_timeout)));
}

void Call::StopWithoutCredit(std::uint64_t size) {
  Stop(MessageWithoutCredit(size, connection_.core().options.stream_credit_bytes));
}

void Call::Begin(wire::Bytes request) {
  if (request.size() > kSmallRequest && !CountRequest(request)) return;
  phase_ = Phase::kBegun;
  request_ = request;
  entry_.method->start(*entry_.service, *this);
  request_ = {};
  if (!ended_ && !request.empty() && request_memory_ == 0) CountRequest(request);
}

// A small one only if it is still needed, which nearly all are not once their handlers have begun.
// Until the call has ended its handler may hold the request, or wait with it for a worker. False:
// there is no room for it, and the call is stopped.
bool Call::CountRequest(wire::Bytes request) {
  request_memory_ = assembler_.TakeCharge();
  if (request_memory_ != 0) return true;
  const std::size_t cost = MemoryOf(request.size());
  if (!connection_.memory().Take(cost)) {
    Stop(connection::NoRoomToReceive(cost, connection_.memory()));
    return false;
  }
  request_memory_ = cost;
  return true;
}

void Call::Deliver(wire::Bytes message) {
  if (!receive_credit_.Receive(message.size())) return StopWithoutCredit(message.size());
  const std::size_t cost = MemoryOf(message.size()) - assembler_.charged();
  if (!connection_.memory().Take(cost))
    return Stop(connection::NoRoomToReceive(cost, connection_.memory()));
  base::RunInMemory([&] { inbound_.push_back(Own(message)); },
                    [&] {
                      connection_.memory().Give(MemoryOf(message.size()));
                      StopWithoutMemory("a message", message.size());
                    });
  WakeReader();
}

// What was put together from parts stays where it is, and as it is counted, unless it lies in a
// buffer that is much too large for it.
Call::Inbound Call::Own(wire::Bytes message) {
  Inbound own;
  if (assembler_.TakeCharge() != 0 && assembler_.capacity() / 2 <= message.size()) {
    own.assembled = assembler_.TakeBytes();
  } else {
    own.copied.assign(message.data(), message.size());
  }
  return own;
}

absl::Status Call::OnHalfClose() {
  if (ended_ || !stopped_.ok()) return absl::OkStatus();
  if (half_closed_) return HalfCloseAgain(id_);
  if (!StreamsRequests(entry_.method->type) || assembler_.in_progress()) {
    return HalfCloseInMessage(id_);
  }
  half_closed_ = true;
  WakeReader();
  return absl::OkStatus();
}

void Call::WakeReader() {
  if (reader_) std::exchange(reader_, nullptr).resume();
}

void Call::Forget(Inbound& message) {
  connection_.memory().Give(MemoryOf(message.bytes().size()));
  if (!message.assembled.empty())
    connection_.host().buffer_source().large().Give(std::move(message.assembled));
}

// Nobody will read it.
void Call::ForgetFirst() {
  Forget(inbound_.front());
  inbound_.pop_front();
}

bool Call::Ready() { return !inbound_.empty() || half_closed_ || !stopped_.ok(); }

bool Call::Pop(absl::FunctionRef<internal::ParseResult(std::span<const char>)> parse) {
  if (!stopped_.ok() || inbound_.empty()) return false;
  std::list<Inbound> message;
  message.splice(message.begin(), inbound_, inbound_.begin());
  const std::size_t size = message.front().bytes().size();
  const internal::ParseResult parsed = parse(message.front().bytes());
  Forget(message.front());
  if (parsed != internal::ParseResult::kParsed) {
    if (parsed == internal::ParseResult::kNoMemory) {
      StopWithoutMemory("a message", size);
    } else {
      Stop(internal::MalformedRequest(method(), size, parsed));
    }
    return false;
  }
  if (const std::uint64_t granted = receive_credit_.Consume(size); granted != 0) {
    connection_.Send({.kind = wire::FrameKind::kCredit, .call_id = id_, .credit = granted});
  }
  return true;
}

}  // namespace piperpc::server
