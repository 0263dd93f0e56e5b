#include "src/client/stream_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/exceptions.h"
#include "src/base/memory.h"
#include "src/client/errors.h"
#include "src/client/refused_call.h"

namespace piperpc::client {
namespace {

absl::Status WithoutCredit(std::uint64_t size) {
  return absl::ResourceExhaustedError(
      absl::StrCat("the server sent a message of ", size, " bytes without credit"));
}

}  // namespace

StreamCall::StreamCall(const std::shared_ptr<Core>& core, const internal::ClientMethod& method,
                       const CallOptions& options)
    : AsyncCallBase(core, method, options),
      receive_credit_(Call::core().options().stream_credit_bytes),
      credit_share_(static_cast<std::int64_t>(Call::core().options().stream_credit_bytes / 4)),
      any_reply_(method.any_reply) {}

std::shared_ptr<internal::ClientStream> StreamCall::Open(const std::shared_ptr<Core>& core,
                                                         const internal::ClientMethod& method,
                                                         const internal::OutMessage* request,
                                                         const CallOptions& options) {
  if (!core->Claim()) return RefuseStream(options, Core::Foreign());
  const auto handle = base::RunInMemory(
      [&] {
        auto made = std::make_shared<Handle>();
        made->call = std::make_shared<StreamCall>(core, method, options);
        return made;
      },
      [] { return nullptr; });
  if (handle == nullptr) {
    return RefuseStream(options, base::OutOfMemory("a call", sizeof(StreamCall)));
  }
  StreamCall& call = *handle->call;
  call.Start(handle->call, options, request);
  return {handle, &call};
}

// --- What the connection tells. ---

void StreamCall::OnStarted() {
  send_credit_ = connection::SendCredit(connection()->peer_limits().initial_credit);
  SendHalfClose();
  Notify();
}

absl::Status StreamCall::OnMessage(wire::Bytes message) {
  if (!receive_credit_.Receive(message.size())) return WithoutCredit(message.size());
  replied_ = true;
  const bool first = inbound_.empty();
  absl::Status status = base::RunInMemory(
      [&] {
        AssertLocked();
        inbound_.Add(message);
        return absl::OkStatus();
      },
      [&] { return base::OutOfMemory("a message", message.size()); });
  assembler().Clear();
  if (first && status.ok()) Notify();  // A reader takes all that is there, and waits for no less.
  return status;
}

// A stream may have used up its credit, and only read since.
std::string_view StreamCall::sent_phase() const {
  const bool writes = waiting_ != nullptr || on_writable_ || blocked_write_;
  if (!writes || HasRoom()) return Call::sent_phase();
  return send_credit_.may_send() ? "waiting to send the next request of"
                                 : "waiting for room (stream_credit_bytes) for the next request of";
}

// It holds memory from its first frame on, so it needs its credit then.
absl::Status StreamCall::OnPart() {
  return receive_credit_.may_receive() ? absl::OkStatus() : WithoutCredit(assembler().expected());
}

void StreamCall::OnCredit(std::uint64_t bytes) {
  send_credit_.Add(bytes);
  Notify();
}

void StreamCall::OnWritable() { Notify(); }

void StreamCall::KeepReply(wire::Bytes reply) {
  if (!StreamsReplies(type())) {
    inbound_.Add(reply);
  } else if (any_reply_) {
    response_.bytes.assign(reply.data(), reply.size());
  } else if (!reply.empty()) {
    failure_ = GivesOneReply(method());
  }
}

void StreamCall::OnEnded() {
  Notify();
  const std::shared_ptr<PendingCallback> self = LetGo();
  if (!std::exchange(deferred_, true)) core().QueueCallback(self);
}

void StreamCall::Notify() {
  changed_.NotifyAll();
  const bool due = (on_readable_ && Readable()) || (on_writable_ && Writable()) || WriteMovesOn();
  if (due && !std::exchange(deferred_, true)) core().QueueCallback(shared_from_this());
}

void StreamCall::Deliver() {
  Ready readable;
  Ready writable;
  FinishedWrites written;
  std::unique_ptr<StopLink> stop;
  bool conclude = false;
  {
    const Core::Lock lock(core());
    deferred_ = false;
    written = TakeFinishedWrites();
    if (Readable()) readable = std::exchange(on_readable_, nullptr);
    if (Writable()) writable = std::exchange(on_writable_, nullptr);
    conclude = ended() && !std::exchange(concluded_, true);
    if (concluded_ && (end_read_ || !StreamsReplies(type()))) stop = TakeStopLink();
  }
  stop.reset();
  if (conclude) NotifyMiddleware();
  TellOf(std::move(written));
  for (Ready* const ready : {&readable, &writable}) {
    if (!*ready) continue;
    base::RunGuarded(*ready, [this](const std::exception_ptr& thrown) {
      core().LogThrown("callback threw", thrown);
    });
  }
}

// --- Reading. ---

// Whoever cancels may let go of what the messages would be used with.
inline bool StreamCall::MayRead() {
  if (dropped_.load(std::memory_order_relaxed)) return false;
  return !core().closed() || !StreamsReplies(type());
}

inline bool StreamCall::TakeNext(wire::Bytes& bytes) {
  if (reading_.empty() || !MayRead()) return false;
  bytes = reading_.Next();
  unreturned_ += connection::CreditCost(bytes.size());
  if (unreturned_ >= credit_share_) ReturnCredit();
  return true;
}

void StreamCall::ReturnCredit() {
  const Core::Lock lock(core());
  GiveCredit();
}

// All that has come so far becomes the reader's. kLater: that is nothing.
StreamCall::Step StreamCall::Refill(Wait wait, FinishedWrites& written) {
  reading_.Clear();                // However long the next message takes to come.
  std::unique_ptr<StopLink> stop;  // Goes away without the lock.
  Core::Lock lock(core());
  while (wait == Wait::kYes && !Readable()) WaitForChange(lock);
  DropIfClosed();
  if (Readable()) written = TakeFinishedWrites();
  if (inbound_.empty()) {
    if (!ended()) return Step::kLater;
    stop = EndRead();
    return Step::kEnded;
  }
  GiveCredit();
  std::swap(reading_, inbound_);
  return Step::kDone;
}

// What was written before the messages came, or before the call ended, is told of before them; so
// is what is written as an answer to that, which the end of the call refuses.
StreamCall::Step StreamCall::RefillAndTake(Wait wait, wire::Bytes& bytes) {
  while (true) {
    FinishedWrites written;
    const Step step = Refill(wait, written);
    const bool taken = TellOf(std::move(written));
    if (step == Step::kEnded && taken) continue;
    if (step != Step::kDone || TakeNext(bytes)) return step;
  }
}

void StreamCall::GiveCredit() {
  const std::uint64_t granted = receive_credit_.Return(std::exchange(unreturned_, 0));
  if (granted == 0 || phase() != Phase::kSent || !StreamsReplies(type())) return;
  connection()->Send({.kind = wire::FrameKind::kCredit, .call_id = id(), .credit = granted});
}

internal::ClientStream::Step StreamCall::TryRead(wire::Bytes& bytes) {
  if (core().foreign()) return Step::kEnded;
  return TakeNext(bytes) ? Step::kDone : RefillAndTake(Wait::kNo, bytes);
}

internal::ClientStream::Step StreamCall::Read(wire::Bytes& bytes) {
  if (core().foreign()) return Step::kEnded;
  return TakeNext(bytes) ? Step::kDone : RefillAndTake(Wait::kYes, bytes);
}

void StreamCall::WhenReadable(absl::AnyInvocable<void()> ready) {
  if (core().foreign()) return base::RunSilently(ready);
  const Core::Lock lock(core());
  on_readable_.swap(ready);  // What was there goes away with `ready`, when the lock is released.
  Notify();
}

// Blocks; or ends the call, where that would be for ever.
void StreamCall::WaitForChange(Core::Lock& lock) {
  absl::Status refusal = core().CheckMayBlock([&] { return FormsOfStream(method()); });
  if (!refusal.ok()) return DropAndEnd(std::move(refusal));
  lock.Wait(changed_);
}

// --- The end. ---

RawMessage StreamCall::TakeResponse() {
  if (core().foreign()) return {};
  const Core::Lock lock(core());
  return std::exchange(response_, {});
}

absl::Status StreamCall::status() {
  if (core().foreign()) return Core::Foreign();
  Core::Lock lock(core());
  while (!ended()) WaitForChange(lock);
  DropIfClosed();
  return final_status();
}

void StreamCall::DropReplies() {
  inbound_.Clear();
  dropped_.store(true, std::memory_order_relaxed);
}

void StreamCall::DropUnread() { DropUnread(CancelledByCaller()); }

// The server has ended the call, but its caller has not seen all of that.
void StreamCall::DropUnread(absl::Status why) {
  if (end_read_ || !StreamsReplies(type())) return;
  end_read_ = true;
  DropReplies();
  response_ = {};
  if (failure_.ok()) failure_ = std::move(why);
}

// The end of the channel does not know of a call that has ended before.
void StreamCall::DropIfClosed() {
  if (ended() && core().closed() && Call::status().ok()) DropUnread(ChannelWasClosed());
}

// A stop ends the reading, too, so it is listened to until then.
std::unique_ptr<StopLink> StreamCall::EndRead() {
  end_read_ = true;
  return concluded_ ? TakeStopLink() : nullptr;
}

void StreamCall::LetGoOf() {
  if (core().foreign()) return;
  std::unique_ptr<StopLink> stop;  // Goes away without the lock.
  const Core::Lock lock(core());
  DropReplies();
  if (!ended()) EndEarly(CancelledByCaller());
  stop = EndRead();
}

void StreamCall::DropAndEnd(absl::Status status) {
  DropReplies();
  EndEarly(std::move(status));
}

// The server's last frame may have come before the reader saw what is wrong with a message.
void StreamCall::Fail(absl::Status status) {
  if (core().foreign()) return;
  const Core::Lock lock(core());
  failure_ = status;
  DropAndEnd(std::move(status));
}

void StreamCall::FailThrown(const std::exception_ptr& thrown) {
  FailThrownBy("the callback that takes the messages", thrown);
}

void StreamCall::FailThrownBy(std::string_view callback, const std::exception_ptr& thrown) {
  Fail(ThrownBy(callback, thrown));
  if (!core().foreign()) core().LogThrown("callback threw", thrown);
}

}  // namespace piperpc::client
