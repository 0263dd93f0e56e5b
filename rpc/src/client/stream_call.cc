#include "src/client/stream_call.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/exceptions.h"
#include "src/base/memory.h"
#include "src/base/text.h"
#include "src/client/errors.h"
#include "src/client/refused_call.h"
#include "src/wire/limits.h"

namespace piperpc::client {
namespace {

absl::Status WithoutCredit(std::uint64_t size) {
  return absl::ResourceExhaustedError(
      absl::StrCat("the server sent a message of ", size, " bytes without credit"));
}

}  // namespace

StreamCall::StreamCall(const std::shared_ptr<Core>& core, const internal::ClientMethod& method,
                       const internal::OutMessage* request, const CallOptions& options)
    : AsyncCallBase(core, method, request, options),
      receive_credit_(Call::core().options().stream_credit_bytes),
      credit_share_(static_cast<std::int64_t>(Call::core().options().stream_credit_bytes / 4)),
      any_reply_(method.any_reply) {}

std::shared_ptr<internal::ClientStream> StreamCall::Open(const std::shared_ptr<Core>& core,
                                                         const internal::ClientMethod& method,
                                                         const internal::OutMessage* request,
                                                         const CallOptions& options) {
  if (!core->Claim()) return RefuseStream(Core::Foreign());
  const auto handle = RunInMemory(
      [&] {
        auto made = std::make_shared<Handle>();
        made->call = std::make_shared<StreamCall>(core, method, request, options);
        return made;
      },
      [] { return nullptr; });
  if (handle == nullptr) {
    return RefuseStream(OutOfMemory("a request", request == nullptr ? 0 : request->size()));
  }
  StreamCall& call = *handle->call;
  call.Start(handle->call, options, request);
  return {handle, &call};
}

// --- What the connection tells. ---

void StreamCall::OnStarted() {
  send_credit_ = SendCredit(connection()->peer_limits().initial_credit);
  if (half_closed_) SendHalfClose();
  Notify();
}

absl::Status StreamCall::OnMessage(wire::Bytes message) {
  if (!receive_credit_.Receive(message.size())) return WithoutCredit(message.size());
  const bool first = inbound_.empty();
  absl::Status status = RunInMemory(
      [&] {
        inbound_.Add(message);
        return absl::OkStatus();
      },
      [&] { return OutOfMemory("a message", message.size()); });
  assembler().Clear();
  if (first && status.ok()) Notify();  // A reader takes all that is there, and waits for no less.
  return status;
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
  changed_.notify_all();
  const bool due = (on_readable_ && Readable()) || (on_writable_ && Writable());
  if (due && !std::exchange(deferred_, true)) core().QueueCallback(shared_from_this());
}

void StreamCall::Deliver() {
  Ready readable;
  Ready writable;
  std::unique_ptr<StopLink> stop;
  bool conclude = false;
  {
    const Core::Lock lock(core());
    deferred_ = false;
    if (Readable()) readable = std::exchange(on_readable_, nullptr);
    if (Writable()) writable = std::exchange(on_writable_, nullptr);
    conclude = ended() && !std::exchange(concluded_, true);
    if (concluded_ && (end_read_ || !StreamsReplies(type()))) stop = TakeStopLink();
  }
  stop.reset();
  if (conclude) NotifyMiddleware();
  for (Ready* const ready : {&readable, &writable}) {
    if (!*ready) continue;
    RunGuarded(*ready, [this](const std::exception_ptr& thrown) {
      core().LogThrown("callback threw", thrown);
    });
  }
}

// --- Writing. ---

bool StreamCall::Writable() const {
  if (ended() || half_closed_) return true;
  if (phase() != Phase::kSent || !send_credit_.may_send()) return false;
  if (needs_hello_ && !connection()->hello_received()) return false;
  if (connection()->writable()) return true;
  connection()->WantWritable();
  return false;
}

internal::ClientStream::Step StreamCall::TryWriteLocked(const internal::OutMessage& message) {
  if (ended() || half_closed_) return Step::kEnded;
  if (!Writable()) return Step::kLater;
  if (message.size() > wire::kEarlyMessageBytes && !connection()->hello_received()) {
    needs_hello_ = true;
    return Step::kLater;
  }
  absl::Status fits = connection()->CheckSize(message.size());
  if (fits.ok() && message.too_deep()) fits = TooDeep(message);
  if (!fits.ok()) {
    EndEarly(fits);
    return Step::kEnded;
  }
  wrote_ = true;
  send_credit_.Spend(message.size());
  return RunInMemory(
      [&] {
        connection()->SendMessage({.kind = wire::FrameKind::kMessage, .call_id = id()}, message);
        return Step::kDone;
      },
      [&] {
        EndEarly(OutOfMemory("a message", message.size()));
        return Step::kEnded;
      });
}

internal::ClientStream::Step StreamCall::TryWrite(const internal::OutMessage& message) {
  if (core().foreign()) return Step::kEnded;
  const Core::Lock lock(core());
  return TryWriteLocked(message);
}

internal::ClientStream::Step StreamCall::Write(const internal::OutMessage& message) {
  if (core().foreign()) return Step::kEnded;
  Core::Lock lock(core());
  Step step;
  while ((step = TryWriteLocked(message)) == Step::kLater) WaitForChange(lock);
  return step;
}

void StreamCall::WhenWritable(absl::AnyInvocable<void()> ready) {
  if (core().foreign()) return RunSilently(ready);
  const Core::Lock lock(core());
  on_writable_.swap(ready);  // What was there goes away with `ready`, when the lock is released.
  Notify();
}

void StreamCall::HalfClose() {
  if (core().foreign()) return;
  const Core::Lock lock(core());
  if (ended() || std::exchange(half_closed_, true)) return;
  if (phase() == Phase::kSent) SendHalfClose();
  Notify();
}

void StreamCall::SendHalfClose() {
  if (!StreamsRequests(type())) return;
  RunInMemory([&] { connection()->Send({.kind = wire::FrameKind::kHalfClose, .call_id = id()}); },
              [&] { EndEarly(OutOfMemory("the end of the requests")); });
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
  unreturned_ += CreditCost(bytes.size());
  if (unreturned_ >= credit_share_) ReturnCredit();
  return true;
}

void StreamCall::ReturnCredit() {
  const Core::Lock lock(core());
  GiveCredit();
}

// All that has come so far becomes the reader's. kLater: that is nothing.
StreamCall::Step StreamCall::Refill(Wait wait) {
  std::unique_ptr<StopLink> stop;  // Goes away without the lock.
  Core::Lock lock(core());
  while (wait == Wait::kYes && !Readable()) WaitForChange(lock);
  DropIfClosed();
  if (inbound_.empty()) {
    if (!ended()) return Step::kLater;
    stop = EndRead();
    return Step::kEnded;
  }
  GiveCredit();
  reading_.Clear();
  std::swap(reading_, inbound_);
  return Step::kDone;
}

StreamCall::Step StreamCall::RefillAndTake(Wait wait, wire::Bytes& bytes) {
  const Step step = Refill(wait);
  if (step != Step::kDone) return step;
  return TakeNext(bytes) ? Step::kDone : Step::kEnded;
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
  if (core().foreign()) return RunSilently(ready);
  const Core::Lock lock(core());
  on_readable_.swap(ready);  // What was there goes away with `ready`, when the lock is released.
  Notify();
}

// Blocks; or ends the call, where that would be for ever.
void StreamCall::WaitForChange(Core::Lock& lock) {
  if (absl::Status refusal = core().CheckMayBlock(); !refusal.ok()) {
    return DropAndEnd(std::move(refusal));
  }
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
  return failure_.ok() ? Call::status() : failure_;
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
  Fail(ThrownBy("the callback that takes the messages", thrown));
  if (!core().foreign()) core().LogThrown("callback threw", thrown);
}

}  // namespace piperpc::client
