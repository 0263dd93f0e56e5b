#include "src/client/blocking_call.h"

#include <utility>

#include "piperpc/client.h"
#include "src/client/session.h"

namespace piperpc::client {

BlockingCall::BlockingCall(Core& core, const internal::ClientMethod& method,
                           const internal::OutMessage* request, const CallOptions& options,
                           Parse parse)
    : Call(core, method, options),
      request_(request),
      can_read_(!options.stop.stop_possible()),  // Nothing wakes a thread that receives.
      parse_(parse) {}

absl::Status BlockingCall::Run(const CallOptions& options) {
  absl::Status prepared = Prepare(options);
  if (prepared.ok()) {
    const auto stop = StopLink::Make(options.stop, *this);
    Perform();
  } else {
    End(std::move(prepared));
  }
  if (pending_) TakeReply();
  Conclude();
  return malformed_ ? internal::MalformedReply(method()) : status();
}

void BlockingCall::Perform() {
  Core::Lock lock(core());
  if (absl::Status refusal = core().Refusal(); !refusal.ok()) return End(std::move(refusal));
  while (!ended()) {
    const auto found = core().GetSession(lock, times());
    if (!found.ok()) return End(found.status());
    if (ended()) return;
    (*found)->Submit(*this);
    (*found)->Attend(*this, lock);
  }
}

bool BlockingCall::WaitForWake(Core::Lock& lock) { return lock.Wait(changed_, times().deadline); }

void BlockingCall::ExpireIfDue() {
  if (!ended() && session != nullptr && Clock::now() >= times().deadline) {
    core().EndEarly(*this, Expired());
  }
}

void BlockingCall::OnEnded(wire::Bytes reply) {
  reply_ = reply;
  pending_ = status().ok() && !is_probe();
  if (pending_ && (session == nullptr || !session->ReadBy(*this))) {
    reply_ = assembly.Keep(reply);
  }
  Wake();
}

void BlockingCall::TakeReply() {
  pending_ = false;
  malformed_ = !parse_(reply_);
}

void BlockingCall::ParseWhileReading(Core::Lock& lock) {
  if (!pending_ || assembly.Holds(reply_)) return;
  lock.Release();
  TakeReply();
  lock.Acquire();
}

}  // namespace piperpc::client
