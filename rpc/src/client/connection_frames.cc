// What a connection does with each kind of frame. PROTOCOL.md, "Kinds", is the table behind it.
#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/memory.h"
#include "src/base/text.h"
#include "src/client/connection.h"
#include "src/connection/violations.h"
#include "src/wire/metadata.h"
#include "src/wire/status.h"

namespace piperpc::client {
namespace {

using wire::FrameKind;

bool IsOfCall(FrameKind kind) {
  return kind == FrameKind::kMessage || kind == FrameKind::kResponse || kind == FrameKind::kCredit;
}

// A server that leaves more answers to its pings unread than this is of no use.
constexpr std::size_t kMostPongs = 1000;

absl::Status Give(const connection::MessageAssembler::Outcome& outcome, Call& call) CHANNEL_LOCKED {
  const bool whole = outcome.result == connection::MessageAssembler::Result::kWhole;
  if (!whole) return call.OnPart();
  call.CountReceived(outcome.message.size());
  return call.OnMessage(outcome.message);
}

absl::Status HelloOfAClient() {
  return absl::InvalidArgumentError("its Hello is one of a client: it allows no calls");
}

// What it means for the calls on the connection.
absl::StatusCode CodeForCalls(absl::StatusCode goaway) {
  switch (goaway) {
    case absl::StatusCode::kOk:                // An orderly shutdown.
    case absl::StatusCode::kDeadlineExceeded:  // The connection's time is over, not that of a call.
      return absl::StatusCode::kUnavailable;
    case absl::StatusCode::kInvalidArgument:  // What the server saw must be a fault of this side.
      return absl::StatusCode::kInternal;
    default:
      return goaway;
  }
}

}  // namespace

// What the system has no memory for, and no single call can bear, ends the connection.
void Connection::OnPacket(transport::Bytes packet) {
  base::RunInMemory(
      [&] {
        AssertLocked();
        OnFrames(packet);
      },
      [&] {
        AssertLocked();
        Fail(base::OutOfMemory("what is in a packet", packet.size()));
      });
}

void Connection::OnFrames(transport::Bytes packet) {
  absl::Status status = CheckPacket(packet);
  wire::Frame frame;
  for (wire::PacketReader reader(packet); status.ok() && !reader.done() && !ending();) {
    status = reader.Next(frame) ? OnFrame(frame) : reader.damage();
  }
  if (status.ok()) return StartQueuedCalls();
  TellViolation(status);
  Fail(Violation(status));
}

absl::Status Connection::Violation(const absl::Status& found) const {
  const std::string& endpoint = core_.endpoint_text();
  if (absl::IsFailedPrecondition(found)) {
    return absl::FailedPreconditionError(
        absl::StrCat("cannot talk to the server at ", endpoint, ": ", found.message()));
  }
  if (!peer_is_known() || !peer_serves_) {
    return transport::NotAServer(
        endpoint, absl::StrCat("what it sent is not a PipeRPC Hello: ", found.message()));
  }
  return absl::InternalError(
      absl::StrCat("the server at ", endpoint, " broke the protocol: ", found.message()));
}

// So that the server's log tells of its mistake, too. It gets it if it reads; nobody waits for
// that.
void Connection::TellViolation(const absl::Status& found) {
  const bool version = absl::IsFailedPrecondition(found);
  const absl::StatusCode code =
      version ? absl::StatusCode::kFailedPrecondition : absl::StatusCode::kInvalidArgument;
  SendLastGoaway(absl::Status(code, found.message()), 0);
}

// In place of its Hello a server may send a goaway, which refuses the connection.
absl::Status Connection::OnFrame(const wire::Frame& frame) {
  const FrameKind kind = frame.header.kind;
  if (hello_received() && IsOfCall(kind)) return OnCallFrame(frame);
  if (!hello_received() && kind != FrameKind::kGoaway) return OnFirstFrame(frame);
  return OnControlFrame(frame);
}

absl::Status Connection::OnHello(const wire::Hello& hello, std::uint32_t /*version*/) {
  peer_serves_ = hello.max_calls != 0;
  if (!peer_serves_) return HelloOfAClient();
  const std::uint64_t more_credit = hello.initial_credit - peer_limits().initial_credit;
  TakeHello(hello);
  // They have begun with the credit that every server gives.
  for (Call* const call : calls_.Live()) call->OnCredit(more_credit);
  owner_.OnReady(*this);
  return absl::OkStatus();
}

absl::Status Connection::OnGoaway(const wire::Goaway& goaway, bool again) {
  const bool orderly = goaway.status.ok();
  if (!again || !orderly) core_.Log(LogLevel::kInfo, "goaway", goaway.status.ToString());
  const absl::Status why(
      CodeForCalls(goaway.status.code()),
      orderly ? absl::StrCat("the server at ", core_.endpoint_text(), " is going away")
              : absl::StrCat("the server at ", core_.endpoint_text(),
                             " ended the connection: ", goaway.status.message()));
  if (orderly) owner_.OnEnding(*this, absl::OkStatus());
  // In place of a Hello it refuses the connection, and the next one would be refused, too: unless
  // only the time was over.
  const bool refused = !orderly && !hello_received() && !absl::IsDeadlineExceeded(goaway.status);
  if (!refused) RetryAbove(goaway.last_call_id, why);
  if (!orderly) Fail(why, refused ? Unsent::kRefused : Unsent::kTryElsewhere);
  return absl::OkStatus();
}

// Calls that the server has not looked at.
void Connection::RetryAbove(std::uint64_t last_call_id, const absl::Status& why) {
  std::vector<Call*> elsewhere = WaitingCalls();
  for (Call* const call : calls_.Live()) {
    if (call->id() > last_call_id) elsewhere.push_back(call);
  }
  for (Call* const call : elsewhere) Retry(*call, absl::UnavailableError(why.message()));
}

// A server's replies must be read, whatever it does with the answers to its pings.
absl::Status Connection::OnPinged() {
  if (outbox().counted() < kMostPongs) return absl::OkStatus();
  Flush();
  const std::size_t pongs = outbox().counted();
  if (pongs < kMostPongs || ending()) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("it has left ", pongs, " replies to its pings unread"));
}

absl::Status Connection::OnCallFrame(const wire::Frame& frame) {
  const std::uint64_t id = frame.header.call_id;
  if (id == 0 || id > last_id_ || outbox().HoldsRequest(id)) {
    return connection::CallNeverBegun(frame.header);
  }
  const auto [known, call] = calls_.Find(id);
  if (!known) return absl::OkStatus();
  if (call == nullptr) {
    OnLateFrame(frame);
    return absl::OkStatus();
  }
  switch (frame.header.kind) {
    case FrameKind::kMessage:
      return OnMessage(*call, frame);
    case FrameKind::kResponse:
      return OnResponse(*call, frame);
    default:
      call->OnCredit(frame.header.credit);
      return absl::OkStatus();
  }
}

// Of a call that has ended on this side; its last frame frees the slot.
void Connection::OnLateFrame(const wire::Frame& frame) {
  const wire::FrameHeader& header = frame.header;
  if (header.kind == FrameKind::kResponse && !header.more()) calls_.Erase(header.call_id);
}

absl::StatusOr<connection::MessageAssembler::Outcome> Connection::Assemble(
    Call& call, const wire::Frame& frame) {
  const std::size_t limit = core_.options().max_message_bytes;
  return base::RunInMemory(
      [&] {
        AssertLocked();
        return call.assembler().Add(frame, limit, nullptr);
      },
      [&] {
        AssertLocked();
        const std::uint64_t expected = call.assembler().expected();
        call.assembler().Clear();
        return base::OutOfMemory("a message",
                                 std::max<std::uint64_t>(expected, frame.payload.size()));
      });
}

absl::Status Connection::OnMessage(Call& call, const wire::Frame& frame) {
  if (!StreamsReplies(call.type())) {
    OnUnwantedMessage(call);
    return absl::OkStatus();
  }
  const auto outcome = Assemble(call, frame);
  absl::Status status = outcome.ok() ? Give(*outcome, call) : outcome.status();
  if (status.ok() || absl::IsInvalidArgument(status)) return status;
  call.EndEarly(std::move(status));
  return absl::OkStatus();
}

absl::Status Connection::OnResponse(Call& call, const wire::Frame& frame) {
  const wire::FrameHeader& header = frame.header;
  absl::Status status = wire::CheckMetadataFields(header.metadata);
  if (!status.ok()) return status;
  if (!header.more() && header.metadata.size() > core_.options().max_metadata_bytes) {
    OnLargeTrailers(call, header);
    return absl::OkStatus();
  }
  if (header.has_status) {
    if (auto decoded = wire::DecodeStatus(header.status, status); !decoded.ok()) return decoded;
    if (!status.ok() && !header.more()) {
      FinishOrRetry(call, std::move(status), header);
      return absl::OkStatus();
    }
  }
  const auto outcome = Assemble(call, frame);
  if (outcome.ok()) {
    const bool whole = outcome->result == connection::MessageAssembler::Result::kWhole;
    if (whole) Finish(call, absl::OkStatus(), header, outcome->message);
  } else if (absl::IsInvalidArgument(outcome.status())) {
    return outcome.status();
  } else if (header.more()) {
    call.EndEarly(outcome.status());
  } else {
    Finish(call, outcome.status(), header);
  }
  return absl::OkStatus();
}

// Only the last frame of a response has trailers.
void Connection::OnLargeTrailers(Call& call, const wire::FrameHeader& header) {
  absl::Status status = absl::ResourceExhaustedError(
      absl::StrCat("the reply's metadata has ", header.metadata.size(), " bytes; the limit is ",
                   core_.options().max_metadata_bytes, " (max_metadata_bytes)"));
  wire::FrameHeader without = header;
  without.metadata = {};
  Finish(call, std::move(status), without);
}

void Connection::Finish(Call& call, absl::Status status, const wire::FrameHeader& header,
                        wire::Bytes reply) {
  outbox().Drop(call.id());  // What it still had to say; nobody listens.
  call.End(std::move(status), header.metadata, reply);
  FreeSlot(call);
}

// The server has ended it with an error.
void Connection::FinishOrRetry(Call& call, absl::Status status, const wire::FrameHeader& header) {
  outbox().Drop(call.id());
  call.EndOrRetry(std::move(status), Call::Seen::kMaybe, header.metadata);
  FreeSlot(call);
}

void Connection::FreeSlot(Call& call) {
  calls_.Erase(call.id());
  Leave(call);
}

}  // namespace piperpc::client
