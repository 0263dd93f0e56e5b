#include "src/client/connection.h"

#include <algorithm>
#include <set>
#include <utility>

#include "src/base/memory.h"
#include "src/base/text.h"
#include "src/client/errors.h"
#include "src/connection/hello.h"
#include "src/wire/limits.h"

namespace piperpc::client {
namespace {

// A request that cannot be sent on so many connections in a row is given up.
constexpr int kMaxSubmits = 5;

// What a packet takes of a pipe beside its bytes, about.
constexpr std::size_t kPacketCost = 1024;

}  // namespace

// The Hello waits for the first call, and travels with it.
Connection::Connection(Core& core, Owner& owner, std::unique_ptr<transport::Pipe> pipe)
    : CallConnection(std::move(pipe), {.buffers = core.buffers(),
                                       .counted = wire::FrameKind::kPong,
                                       .max_packet_bytes = core.options().max_packet_bytes,
                                       .output_limit = core.options().output_queue_bytes}),
      core_(core),
      owner_(owner),
      reader_(*this, this->pipe(), core.options().spin) {
  outbox().Add({.kind = wire::FrameKind::kHello},
               wire::EncodeHello(connection::HelloOf(core_.options())));
}

Connection::~Connection() = default;

void Connection::Submit(Call& call) {
  call.QueueAt(*this);
  ++live_;
  if (!call.can_read()) ++without_reader_;
  if ((waiting_.empty() || call.is_probe()) && FitsNow(call)) {
    StartOrFail(call);
  } else {
    Queue(call);
  }
  FlushSoon();
  if (!ending() && reader_.is_nobody() && !call.can_read()) AssignReader();
}

// A probe waits for the Hello only, not for the slots of those before it.
void Connection::Queue(Call& call) {
  call.MarkWaited();
  if (call.is_probe()) {
    waiting_.push_front(call);
  } else {
    waiting_.push_back(call);
  }
}

// What the server's limits say to the call for ever.
absl::Status Connection::CheckLimits(const Call& call) const {
  if (call.metadata().size() > peer_limits().max_metadata_bytes) {
    return AboveServersLimit("metadata", call.metadata().size(), peer_limits().max_metadata_bytes,
                             "max_metadata_bytes");
  }
  return call.has_request() ? CheckSize(call.request().size()) : absl::OkStatus();
}

bool Connection::FitsNow(const Call& call) const {
  if (hello_received()) return call.is_probe() || calls_.size() < peer_limits().max_calls;
  return !call.is_probe() && calls_.size() < peer_limits().max_calls && CheckLimits(call).ok();
}

void Connection::StartQueuedCalls() {
  while (!ending() && !waiting_.empty() && FitsNow(waiting_.front())) {
    StartOrFail(waiting_.Pop());
  }
}

std::vector<Call*> Connection::WaitingCalls() const {
  std::vector<Call*> calls;
  waiting_.ForEach([&calls](Call& call) { calls.push_back(&call); });
  return calls;
}

void Connection::StartOrFail(Call& call) {
  absl::Status status = call.is_probe() ? absl::OkStatus() : CheckLimits(call);
  if (!call.is_probe() && status.ok()) return Start(call);
  Leave(call);
  call.End(std::move(status));
}

// For what is sent without a word from the server, before the pipe is full.
void Connection::WakeReaderFor(std::size_t message_size) {
  if (loop_ == nullptr && reader_.MustBeWoken(message_size + kPacketCost)) {
    outbox().Add({.kind = wire::FrameKind::kPing});
  }
}

// Without memory for its request, the server knows nothing of it.
void Connection::Start(Call& call) {
  const std::uint64_t id = last_id_ + 1;
  const bool added = base::RunInMemory(
      [&] {
        AssertLocked();
        return AddRequest(call, id), true;
      },
      [] { return false; });
  if (!added) {
    Leave(call);
    return call.End(base::OutOfMemory("a request", call.has_request() ? call.request().size() : 0));
  }
  ++unsent_requests_;
  call.Started();
}

void Connection::AddRequest(Call& call, std::uint64_t id) {
  call.GoesTo(peer());
  calls_.Add(id, &call);
  try {
    QueueRequest(call, id);
  } catch (...) {
    calls_.Erase(id);
    throw;
  }
  last_id_ = id;
  call.TakeId(id);
}

void Connection::QueueRequest(Call& call, std::uint64_t id) {
  wire::FrameHeader header;
  header.kind = wire::FrameKind::kRequest;
  header.call_id = id;
  header.method = call.method();
  header.timeout_us = call.TimeLeft();
  header.metadata = call.metadata();
  if (call.has_request()) {
    const internal::OutMessage request = call.request();
    WakeReaderFor(request.size());
    header.flags = wire::kEnd;
    outbox().AddMessage(header, request);
    call.CountSent(request.size());
  } else {
    outbox().Add(header);
  }
}

// The call is no longer this connection's concern.
void Connection::Leave(Call& call) {
  call.Leave();
  --live_;
  if (!call.can_read()) --without_reader_;
}

void Connection::Forget(Call& call) {
  if (call.phase() == Call::Phase::kQueued) {
    waiting_.Remove(call);
  } else {
    calls_.Erase(call.id());
  }
  call.assembler().Clear();
  Leave(call);
}

void Connection::Abandon(Call& call) {
  const std::uint64_t id = call.id();
  const bool unknown = id == 0 || outbox().HoldsRequest(id);
  outbox().Drop(id);
  Forget(call);
  if (!unknown && !ending()) TellCancel(id);
  // A call may be abandoned because there is no memory: then the next one sees to these.
  base::RunInMemory(
      [this] {
        AssertLocked();
        StartQueuedCalls();
        AssignReader();
        ClosePipeIfDue();
      },
      [] {});
}

// Without memory for it the server is not told, and its slot is free when the call ends there.
void Connection::TellCancel(std::uint64_t call_id) {
  base::RunInMemory(
      [&] {
        AssertLocked();
        calls_.Add(call_id, nullptr);
        Send({.kind = wire::FrameKind::kCancel, .call_id = call_id});
      },
      [] {});
}

void Connection::Retry(Call& call, const absl::Status& why) {
  outbox().Drop(call.id());
  Forget(call);
  if (call.submits() < kMaxSubmits && call.may_retry()) return call.ConnectAgain();
  call.EndOrRetry(why, Call::Seen::kNo);
}

// A message for a call of one reply costs the call alone: its caller has taken the method for one
// of another type.
void Connection::OnUnwantedMessage(Call& call) { call.EndEarly(StreamsItsReplies(call.method())); }

void Connection::EndAll(const absl::Status& status, Unsent unsent) {
  const bool elsewhere = unsent == Unsent::kTryElsewhere && absl::IsUnavailable(status);
  std::set<std::uint64_t> not_begun;
  if (elsewhere) not_begun = outbox().UnsentRequests();
  std::vector<Call*> calls = WaitingCalls();
  for (Call* const call : calls_.Live()) calls.push_back(call);
  for (Call* const call : calls) {
    const bool sent = unsent != Unsent::kRefused && call->phase() == Call::Phase::kSent &&
                      !not_begun.contains(call->id());
    if (elsewhere && !sent) {
      Retry(*call, status);
    } else {
      Forget(*call);
      call->EndOrRetry(status, sent ? Call::Seen::kMaybe : Call::Seen::kNo);
    }
  }
}

void Connection::Fail(absl::Status status, Unsent unsent) {
  if (ending()) return;
  BeginEnding();
  core_.Log(LogLevel::kWarning, "connection lost", status.ToString());
  owner_.OnEnding(*this, status);
  EndAll(status, unsent);
  reader_.WakeAll();
  ClosePipeIfDue();
}

void Connection::Shutdown() {
  if (ending()) return;
  // Makes the server say something, for a caller that is inside ReceiveUntil().
  if (reader_.receiving()) Send({.kind = wire::FrameKind::kPing});
  if (ending()) return;
  BeginEnding();
  for (Call* const call : calls_.Live()) call->DropReplies();
  if (live_ > 0) EndAll(ChannelWasClosed(), Unsent::kEndToo);
  reader_.WakeAll();
  ClosePipeIfDue();
}

void Connection::SendMessage(std::uint64_t call_id, const internal::OutMessage& message) {
  WakeReaderFor(message.size());
  outbox().AddMessage(call_id, message);
  FlushSoon();
}

}  // namespace piperpc::client
