#include "src/client/blocking_call.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "piperpc/client.h"
#include "src/client/errors.h"

namespace piperpc::client {

BlockingCall::BlockingCall(Core& core, const internal::ClientMethod& method,
                           const internal::OutMessage* request, const CallOptions& options,
                           Parse parse)
    : Call(core, method, options,
           // Nothing wakes a thread that receives.
           {.reads = !options.stop.stop_possible(), .probes = request == nullptr}),
      request_(request),
      parse_(parse) {}

absl::Status BlockingCall::Run(const CallOptions& options) {
  absl::Status prepared = Prepare(options, request_);
  if (prepared.ok()) {
    std::optional<StopLink> stop;
    if (options.stop.stop_possible()) stop.emplace(options.stop, *this);
    Perform();
  } else {
    Refuse(std::move(prepared));
  }
  AssertOwned();
  if (pending_) TakeReply();
  NotifyMiddleware();
  if (parsed_ == internal::ParseResult::kParsed) return status();
  return internal::MalformedReply(method(), reply_.size(), parsed_);
}

void BlockingCall::Refuse(absl::Status why) {
  const Core::Lock lock(core());
  CountStart();
  End(std::move(why));
}

void BlockingCall::Perform() {
  Core::Lock lock(core());
  CountStart();
  if (absl::Status refusal = core().Refusal(); !refusal.ok()) return End(std::move(refusal));
  absl::Status refusal = core().CheckMayBlock([&] {
    return is_probe() ? std::string("a call with wait_for_ready") : FormsOfUnary(method());
  });
  if (!refusal.ok()) return End(std::move(refusal));
  while (!ended()) {
    Guard(lock, [&] {
      AssertLocked();
      if (phase() == Phase::kBackingOff) return WaitForNextAttempt(lock);
      core().Perform(*this, lock);
    });
  }
}

void BlockingCall::WaitForNextAttempt(Core::Lock& lock) {
  while (phase() == Phase::kBackingOff) {
    if (core().Now() >= next_attempt()) return NextAttempt();
    lock.Wait(changed_, next_attempt());
  }
}

bool BlockingCall::WaitForWake(Core::Lock& lock) { return lock.Wait(changed_, times().deadline); }

void BlockingCall::ExpireIfDue(base::TimePoint now) {
  if (now >= times().deadline) EndEarly(Expired());
}

void BlockingCall::KeepReply(wire::Bytes reply) {
  if (is_probe()) return;
  reply_ = Keep(reply);
  pending_ = true;
}

// A small one is copied: that costs less than to give the lock back while it is parsed.
wire::Bytes BlockingCall::Keep(wire::Bytes reply) {
  if (assembler().Holds(reply)) return reply;
  if (reply.size() <= sizeof(small_reply_)) {
    return {small_reply_, std::copy(reply.begin(), reply.end(), small_reply_)};
  }
  borrowed_ = connection() != nullptr && connection()->IsReadBy(*this);
  return borrowed_ ? reply : assembler().Keep(reply);
}

void BlockingCall::TakeReply() {
  AssertOwned();
  pending_ = false;
  parsed_ = parse_(reply_);
}

void BlockingCall::ParseWhileReading(Core::Lock& lock) {
  if (!pending_ || !borrowed_) return;
  lock.Release();
  TakeReply();
  lock.Acquire();
}

}  // namespace piperpc::client
