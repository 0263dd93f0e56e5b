#include "src/server/connection.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/text.h"
#include "src/connection/flush_rules.h"
#include "src/server/errors.h"
#include "src/wire/status.h"

namespace piperpc::server {

using transport::CloseMode;

Connection::Connection(ConnectionHost& host, std::unique_ptr<transport::Pipe> pipe, UserPart& user,
                       std::uint64_t number)
    : CallConnection(host, std::move(pipe), user), number_(number), opened_at_(loop().Now()) {}

Connection::~Connection() {
  loop().Cancel(*this);
  if (kept_ != nullptr) loop().Cancel(*kept_);
  calls_.Empty([](Call& call) { delete &call; });
}

void Connection::Open() {
  pipe().Attach(loop(), *this);
  Run([this] {
    loop().Schedule(*this, base::After(core().options.hello_timeout, loop().Now()));
    ContinueReading();
  });
}

void Connection::Refuse(absl::Status reason) { End("connection refused", std::move(reason)); }

void Connection::Fail(absl::Status reason) {
  End("connection ended by the server", std::move(reason));
}

void Connection::End(std::string_view event, absl::Status reason) {
  if (ending()) return;
  end_code_ = static_cast<std::uint8_t>(reason.code());
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
void Connection::LimitClosing() {
  StopReplyTimer();
  loop().Schedule(*this, base::After(transport::kDrainLimit, loop().Now()));
}

void Connection::Drain() {
  if (going_away() || ending()) return;
  draining_ = true;
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

ConnectionInfo Connection::Describe() const {
  return {.peer = peer(),
          .opened = opened_at_,
          .calls = calls_.size() + (starting_ != nullptr ? 1 : 0),
          .bytes_received = received_bytes_,
          .bytes_sent = outbox().sent_bytes()};
}

// Stopping a call may end it, and with it change the table: so a list of its own.
std::vector<Call*> Connection::CallsInOrder() {
  std::vector<Call*> calls;
  calls.reserve(calls_.size() + 1);
  if (starting_ != nullptr) calls.push_back(starting_.get());
  calls_.ForEach([&calls](Call& call) { calls.push_back(&call); });
  std::sort(calls.begin(), calls.end(), [](Call* a, Call* b) { return a->id() < b->id(); });
  return calls;
}

void Connection::OnEnded(Call& call) {
  if (starting_.get() == &call) {  // StartCall() sees to it, unless it has failed.
    if (pipe_is_closing()) loop().Defer(*this);
    return;
  }
  calls_.Remove(call);
  std::unique_ptr<Call> ended(&call);
  ended->SetNextEnded(std::move(ended_calls_));
  ended_calls_ = std::move(ended);
  loop().Defer(*this);
}

bool Connection::MayContinueReading() const {
  if (receiving_ || ending() || !writable()) return false;
  return !kept_waits_ || MayBeginCall();
}

// First with the rest of the last packet, if frames of it were kept; else with the next packet.
// What waits longest goes on first, or what comes later could keep it waiting for ever.
void Connection::ContinueReading() {
  if (!MayContinueReading()) return;
  if (has_kept()) return loop().Schedule(*kept_, kept_->since());
  receiving_ = true;
  pipe().Receive();
}

// A connection that has said no Hello is in the queue of those, and waits for no other.
void Connection::ContinueReadingWhenNext() {
  if (!MayContinueReading()) return;
  const bool alone = !hello_received() || !core().is_shared();
  if (alone || host().ContinueOrQueue(user_queue(), *this)) ContinueReading();
}

// Frames that were kept are looked at here: how much of its part they leave decides who is next.
void Connection::OnNext() {
  if (!MayContinueReading()) return;
  if (has_kept()) return ReadKept();
  Run([this] { ContinueReading(); });
}

void Connection::OnReceive(transport::Bytes packet) {
  receiving_ = false;
  received_bytes_ += packet.size();
  loop().Defer(*this);
  Run([&] {
    const std::size_t unsent = outbox().counted();
    if (absl::Status status = OnPacket(packet); !status.ok()) return Fail(std::move(status));
    // The client goes on with these responses while the loop serves its next connection.
    if (outbox().counted() >= unsent + connection::kFramesNotToWait) Flush();
  });
}

void Connection::OnReceiveError(absl::Status status) {
  receiving_ = false;
  Run([&] { absl::IsOutOfRange(status) ? Fail(std::move(status)) : OnPipeLost(status); });
}

void Connection::OnSent(absl::Status status) {
  outbox().OnSent();
  OnTaken();
  if (!status.ok()) return Run([&] { OnPipeLost(status); });
  loop().Defer(*this);
}

void Connection::OnIterationEnd() {
  if (TakeUnanswered()) OnNoMemory();
  Run([this] { EndIteration(); });
  CloseWhenDone();
}

// All that an iteration made ready goes out together, before anything else: somebody waits for it.
// What ended goes away.
void Connection::EndIteration() {
  Flush();
  GiveBackReplyMemory();
  ContinueReadingWhenNext();
  NotifyWritable();
  DestroyEndedCalls();
  if (pipe_is_closing() && starting_ != nullptr && starting_->ended()) starting_.reset();
}

void Connection::OnReplyTimer() {
  Run([this] {
    if (RepliesExpired()) OnRepliesNotRead();
  });
}

void Connection::OnRepliesNotRead() {
  absl::Status reason = RepliesNotRead(outbox().queued_bytes(), core().options.message_timeout);
  if (!ending()) return Fail(std::move(reason));
  NoteUndelivered();
  OnPipeLost(reason);
}

// A shutdown tells of it.
void Connection::NoteUndelivered() {
  if (!draining_ && !grace_over_) return;
  host().AddUndelivered(absl::StrCat("pid ", peer().pid, ", ", peer().user, ", at least ",
                                     outbox().queued_bytes(), " bytes"));
}

void Connection::OnWritable() {
  for (Call* call : CallsInOrder()) call->OnWritable();
}

void Connection::OnTimer() {
  Run([this] { OnTimeOver(); });
}

void Connection::OnTimeOver() {
  if (state() == State::kAwaitingHello) return Fail(NoHelloInTime(core().options));
  NoteUndelivered();  // The client does not read.
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
  StopReplyTimer();
  BeginClosing();
  pipe().Close(mode, [this] {
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
  if (state() == State::kClosed && !has_calls() && ended_calls_ == nullptr) host().OnClosed(*this);
}

}  // namespace piperpc::server
