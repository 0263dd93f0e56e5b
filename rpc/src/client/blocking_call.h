// A call whose caller is blocked in it.
#pragma once

#include <condition_variable>
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
  absl::Status Run(const CallOptions& options);

  // --- For the connection. ---
  void Wake() { changed_.notify_one(); }

  // False: the deadline has passed.
  bool WaitForWake(Core::Lock& lock);
  void ExpireIfDue(base::TimePoint now);

  // Parses the reply if it lies where the connection reads.
  void ParseWhileReading(Core::Lock& lock);

 private:
  bool has_request() const override { return true; }
  internal::OutMessage request() const override { return *request_; }
  absl::Status OnMessage(wire::Bytes) override { return absl::OkStatus(); }
  void OnConnectAgain() override { Wake(); }
  void KeepReply(wire::Bytes reply) override;
  void OnEnded() override { Wake(); }
  wire::Bytes Keep(wire::Bytes reply);
  void TakeReply();
  void Perform();

  const internal::OutMessage* const request_;
  Parse parse_;
  std::condition_variable changed_;
  wire::Bytes reply_;
  bool pending_ = false;   // There is a reply that was not parsed.
  bool borrowed_ = false;  // reply_ lies where the connection reads.
  internal::ParseResult parsed_ = internal::ParseResult::kParsed;
  char small_reply_[256];
};

}  // namespace piperpc::client
