// A call whose caller is blocked in it.
#pragma once

#include <span>
#include <string>

#include "absl/functional/function_ref.h"
#include "src/client/call.h"

namespace piperpc::client {

class BlockingCall final : public Call {
 public:
  using Parse = absl::FunctionRef<internal::ParseResult(std::span<const char>)>;

  // What it is given must live as long as the call, which lives on its caller's stack. `request`
  // null: a probe, which waits for the server's Hello only.
  BlockingCall(Core& core, const internal::ClientMethod& method,
               const internal::OutMessage* request, const CallOptions& options, Parse parse);

  // Makes the call, and gives how it ended. Without the lock.
  absl::Status Run(const CallOptions& options) CHANNEL_UNLOCKED;

  // --- For the connection. ---
  void Wake() { changed_.NotifyOne(); }

  // False: the deadline has passed.
  bool WaitForWake(Core::Lock& lock) CHANNEL_LOCKED;
  void ExpireIfDue(base::TimePoint now) CHANNEL_LOCKED;

  // Parses the reply if it lies where the connection reads.
  void ParseWhileReading(Core::Lock& lock) CHANNEL_LOCKED;

 private:
  bool has_request() const override { return true; }
  internal::OutMessage request() const override { return *request_; }
  absl::Status OnMessage(wire::Bytes) override CHANNEL_LOCKED { return absl::OkStatus(); }
  void OnConnectAgain() override CHANNEL_LOCKED { Wake(); }
  void OnBackOff() override CHANNEL_LOCKED { Wake(); }
  void WaitForNextAttempt(Core::Lock& lock) CHANNEL_LOCKED;
  void KeepReply(wire::Bytes reply) override CHANNEL_LOCKED;
  void OnEnded() override CHANNEL_LOCKED { Wake(); }
  wire::Bytes Keep(wire::Bytes reply) CHANNEL_LOCKED;
  void TakeReply();
  void Refuse(absl::Status why) CHANNEL_UNLOCKED;
  void Perform() CHANNEL_UNLOCKED;

  const internal::OutMessage* const request_;
  Parse parse_;
  transport::Condition changed_;
  wire::Bytes reply_ CHANNEL_GUARDED;
  bool pending_ CHANNEL_GUARDED = false;   // There is a reply that was not parsed.
  bool borrowed_ CHANNEL_GUARDED = false;  // reply_ lies where the connection reads.
  internal::ParseResult parsed_ CHANNEL_GUARDED = internal::ParseResult::kParsed;
  char small_reply_[256] CHANNEL_GUARDED;
};

}  // namespace piperpc::client
