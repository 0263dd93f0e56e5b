#include "src/server/connection.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/text.h"
#include "src/server/errors.h"
#include "src/wire/status.h"

namespace piperpc::server {

using transport::CloseMode;

namespace {

constexpr std::size_t kSmallReply = 4096;  // Has memory, whatever the budget of replies says.

}  // namespace

Connection::Connection(ConnectionHost& host, std::unique_ptr<transport::Pipe> pipe, UserPart& user)
    : ConnectionBase(std::move(pipe),
                     {.buffers = &host.buffers(),
                      .counted = wire::FrameKind::kResponse,
                      .max_packet_bytes = host.core().options.max_packet_bytes,
                      .output_limit = host.core().options.output_queue_bytes}),
      host_(host),
      memory_(host.core().connection_share, "parse_budget_per_connection", user.budget),
      reply_memory_(ReplyShare(host.core().options),
                    "reply_budget_bytes, the share of a connection", user.reply_budget),
      workers_(user.workers) {}

Connection::~Connection() {
  loop().Cancel(*this);
  loop().Cancel(kept_);
  loop().Undefer(*this);
}

void Connection::Open() {
  pipe().Attach(loop(), *this);
  Run([this] {
    loop().Schedule(*this, After(core().options.hello_timeout));
    Receive();
  });
}

void Connection::Refuse(absl::Status reason) { End("connection refused", std::move(reason)); }

void Connection::Fail(absl::Status reason) {
  End("connection ended by the server", std::move(reason));
}

void Connection::End(std::string_view event, absl::Status reason) {
  if (ending()) return;
  core().Log(LogLevel::kWarning, event, [&] {
    return WithPeer(peer(), {{"reason", std::string(reason.message())}});
  });
  SendGoaway(reason, last_call_id_);
  BeginEnding();
  LimitClosing();
  StopCalls(reason);
}

// The last call has ended, and its reply gets as long to be read as calls get to end.
void Connection::EndDrain() {
  BeginEnding();
  loop().Cancel(*this);
  if (grace_over_) LimitClosing();
}

// What was sent gets a limited time to be read.
void Connection::LimitClosing() { loop().Schedule(*this, After(transport::kDrainLimit)); }

void Connection::Drain() {
  if (going_away() || ending()) return;
  idle_ = !has_calls() && outbox().empty() && !outbox().sending() && pipe().AllRead();
  SendGoaway(absl::OkStatus(), last_call_id_);
  for (Call* call : CallsInOrder()) call->OnDrain();
}

void Connection::EndGrace(const absl::Status& reason) {
  grace_over_ = true;
  if (state() == State::kEnding) return LimitClosing();
  for (Call* call : CallsInOrder()) call->StopForShutdown(reason);
}

void Connection::StopCalls(const absl::Status& reason) {
  for (Call* call : CallsInOrder()) call->Stop(reason);
}

std::vector<std::string> Connection::AbortCalls() {
  std::vector<std::string> aborted;
  for (Call* call : CallsInOrder()) {
    aborted.push_back(call->Describe());
    call->Abort();
  }
  return aborted;
}

std::vector<std::string> Connection::CutOffCalls(const absl::Status& reason) {
  std::vector<std::string> calls;
  for (Call* call : CallsInOrder()) {
    calls.push_back(call->Describe());
    call->CutOff();
  }
  Fail(reason);
  return calls;
}

// Stopping a call may end it, and with it change the table: so a list of its own.
std::vector<Call*> Connection::CallsInOrder() {
  std::vector<Call*> calls;
  calls.reserve(calls_.size() + 1);
  if (starting_ != nullptr) calls.push_back(starting_.get());
  for (const auto& [id, call] : calls_) calls.push_back(call.get());
  std::sort(calls.begin(), calls.end(), [](Call* a, Call* b) { return a->id() < b->id(); });
  return calls;
}

void Connection::SendMessage(const wire::FrameHeader& header, const internal::OutMessage& message) {
  if (pipe_is_closing()) return;
  outbox().AddMessage(header, message);
  // A full packet need not wait for the end of the iteration.
  if (outbox().queued_bytes() >= peer_hello().max_packet_bytes) Flush();
  WantWritable();
  loop().Defer(*this);
}

void Connection::SendResponse(std::uint64_t call_id, const absl::Status& status,
                              std::string_view trailers, const internal::OutMessage* response) {
  if (pipe_is_closing()) return;
  std::string encoded;
  if (!status.ok()) encoded = wire::EncodeStatus(status);
  const wire::FrameHeader header{.kind = wire::FrameKind::kResponse,
                                 .call_id = call_id,
                                 .metadata = trailers,
                                 .status = encoded,
                                 .has_status = !status.ok()};
  if (response != nullptr && status.ok()) {
    SendMessage(header, *response);
  } else {
    Send(header);
  }
}

void Connection::OnEnded(Call& call) {
  if (starting_.get() == &call) {  // StartCall() sees to it, unless it has failed.
    if (pipe_is_closing()) loop().Defer(*this);
    return;
  }
  std::unique_ptr<Call> ended = std::move(calls_.extract(call.id()).mapped());
  ended->SetNextEnded(std::move(ended_calls_));
  ended_calls_ = std::move(ended);
  loop().Defer(*this);
}

void Connection::Receive() {
  if (receiving_ || ending() || !writable()) return;
  if (kept_waits_ && !MayBeginCall()) return;
  if (!kept_.empty()) return loop().Schedule(kept_, Clock::now());
  receiving_ = true;
  pipe().Receive();
}

void Connection::OnReceive(transport::Bytes packet) {
  receiving_ = false;
  loop().Defer(*this);
  Run([&] {
    if (absl::Status status = OnPacket(packet); !status.ok()) Fail(std::move(status));
  });
}

void Connection::OnReceiveError(absl::Status status) {
  receiving_ = false;
  Run([&] { absl::IsOutOfRange(status) ? Fail(std::move(status)) : OnPipeLost(status); });
}

void Connection::OnSent(absl::Status status) {
  outbox().OnSent();
  taken_by_pipe_ = true;
  if (!status.ok()) return Run([&] { OnPipeLost(status); });
  loop().Defer(*this);
}

void Connection::OnIterationEnd() {
  if (std::exchange(no_memory_, false)) OnNoMemory();
  Run([this] { EndIteration(); });
  CloseWhenDone();
}

// All that an iteration made ready goes out together, before anything else: somebody waits for it.
// What ended goes away.
void Connection::EndIteration() {
  Flush();
  if (reply_memory_.used() != 0) GiveBackReplyMemory();
  Receive();
  NotifyWritable();
  DestroyEndedCalls();
  if (pipe_is_closing() && starting_ != nullptr && starting_->ended()) starting_.reset();
}

void Connection::Flush() {
  if (pipe_is_closing() || outbox().sending() || outbox().empty()) return;
  auto result = outbox().Flush(pipe());
  if (!result.ok()) return OnPipeLost(result.status());
  if (*result != transport::SendResult::kWouldBlock) taken_by_pipe_ = true;
}

absl::Status Connection::TakeAboveQueue(std::size_t bytes, std::size_t message_size) {
  const std::size_t taken = reply_memory_.used();
  if (bytes <= taken) return absl::OkStatus();
  if (!reply_memory_.Take(bytes - taken)) {
    if (message_size <= kSmallReply) return absl::OkStatus();
    return NoRoomToReply(bytes, reply_memory_.LimitInTheWay(bytes - taken));
  }
  if (taken == 0 && state() == State::kOpen) ExpectReader();
  return absl::OkStatus();
}

// Memory that others need is not for a client that reads nothing for so long.
void Connection::ExpectReader() {
  taken_by_pipe_ = false;
  loop().Schedule(*this, After(core().options.message_timeout));
}

void Connection::OnReaderLate() {
  if (reply_memory_.used() == 0) return;
  if (taken_by_pipe_) return ExpectReader();
  Fail(RepliesNotRead(outbox().queued_bytes(), core().options.message_timeout));
}

void Connection::GiveBackReplyMemory() {
  const std::size_t queued = outbox().queued_bytes();
  const std::size_t needed = queued > output_limit() ? queued - output_limit() : 0;
  if (needed < reply_memory_.used()) reply_memory_.Give(reply_memory_.used() - needed);
}

void Connection::OnWritable() {
  for (Call* call : CallsInOrder()) call->OnWritable();
}

void Connection::OnTimer() {
  Run([this] { OnTimeOver(); });
}

void Connection::OnTimeOver() {
  if (state() == State::kAwaitingHello) return Fail(NoHelloInTime(core().options));
  if (state() == State::kOpen) return OnReaderLate();
  // The client does not read.
  if (grace_over_) {
    undelivered_ = absl::StrCat("pid ", peer().pid, ", ", peer().user, ", at least ",
                                outbox().queued_bytes(), " bytes");
  }
  Close(CloseMode::kAbort);
}

// It tells the client nothing: that would take memory, too. A call that was in the making ends
// here, unless its handler has begun: then that is waited for.
void Connection::OnNoMemory() {
  core().Log(LogLevel::kError, "out of memory", [&] {
    return WithPeer(peer(), {{"cause", "handling an event of the connection, which is closed"}});
  });
  const absl::Status reason(absl::StatusCode::kResourceExhausted, "");
  OnPipeLost(reason);
  if (starting_ != nullptr) starting_->EndUnlessBegun(reason);
  loop().Defer(*this);
}

void Connection::SendStatusOrClose(std::uint64_t call_id, const absl::Status& status) {
  RunInMemory([&] { SendResponse(call_id, status, {}, nullptr); },
              [this] {
                no_memory_ = true;
                loop().Defer(*this);
              });
}

void Connection::LogNoMemory(std::string_view method, std::string_view what,
                             std::optional<std::size_t> bytes) {
  core().Log(LogLevel::kError, "out of memory", [&] {
    return WithPeer(peer(), {{"method", std::string(method)},
                             {"cause", bytes ? absl::StrCat(ToAbsl(what), " of ", *bytes, " bytes")
                                             : std::string(what)}});
  });
}

void Connection::OnPipeLost(const absl::Status& cause) {
  if (pipe_is_closing()) return;
  BeginEnding();
  Close(CloseMode::kAbort);
  core().Log(LogLevel::kDebug, "connection ended", [&] {
    return WithPeer(peer(), {{"cause", std::string(cause.message())}});
  });
  if (has_calls()) StopCalls(absl::CancelledError("the client is gone"));
}

void Connection::Close(CloseMode mode) {
  if (pipe_is_closing()) return;
  loop().Cancel(*this);
  ClosePipe(mode, [this] {
    EndClosing();
    outbox().DropLarge();  // Calls that are still to end may keep this for long.
    GiveBackReplyMemory();
    CloseWhenDone();
  });
}

void Connection::CloseWhenDone() {
  if ((going_away() || peer_going_away()) && !ending() && !has_calls()) EndDrain();
  if (state() == State::kEnding && outbox().empty() && !outbox().sending()) {
    Close(idle_ ? CloseMode::kAbort : CloseMode::kDrain);
  }
  if (state() == State::kClosed && !has_calls() && ended_calls_ == nullptr) host_.OnClosed(*this);
}

}  // namespace piperpc::server
