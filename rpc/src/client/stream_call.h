// A call with a stream of messages in one direction, or in both.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "src/client/async_call_base.h"
#include "src/client/finished_writes.h"
#include "src/connection/credit.h"
#include "src/connection/message_batch.h"
#include "src/transport/condition.h"

namespace piperpc::client {

class StreamCall final : public AsyncCallBase,
                         public internal::ClientStream,
                         public std::enable_shared_from_this<StreamCall> {
 public:
  // Opens the call. Dropping what this gives cancels it. Never throws std::bad_alloc.
  static std::shared_ptr<internal::ClientStream> Open(const std::shared_ptr<Core>& core,
                                                      const internal::ClientMethod& method,
                                                      const internal::OutMessage* request,
                                                      const CallOptions& options);

  StreamCall(const std::shared_ptr<Core>& core, const internal::ClientMethod& method,
             const CallOptions& options);

  // ClientStream, without the lock. In a child of fork() all of them end at once, and touch
  // nothing.
  Step TryWrite(const internal::OutMessage& message) override CHANNEL_UNLOCKED;
  Step TryRead(wire::Bytes& bytes) override CHANNEL_UNLOCKED;
  Step Write(const internal::OutMessage& message) override CHANNEL_UNLOCKED;
  Step Read(wire::Bytes& bytes) override CHANNEL_UNLOCKED;
  void WhenWritable(absl::AnyInvocable<void()> ready) override CHANNEL_UNLOCKED;
  void WhenReadable(absl::AnyInvocable<void()> ready) override CHANNEL_UNLOCKED;
  void StartWrite(std::unique_ptr<internal::StreamWrite> write) override CHANNEL_UNLOCKED;
  void HalfClose() override CHANNEL_UNLOCKED;
  void LetGoOfWrites() override CHANNEL_UNLOCKED;
  RawMessage TakeResponse() override CHANNEL_UNLOCKED;
  absl::Status status() override CHANNEL_UNLOCKED;
  void Fail(absl::Status status) override CHANNEL_UNLOCKED;
  void FailThrown(const std::exception_ptr& thrown) override CHANNEL_UNLOCKED;
  void Cancel() override CHANNEL_UNLOCKED { EndForCaller(); }

 private:
  using Ready = absl::AnyInvocable<void()>;
  enum class Wait { kNo, kYes };

  // What the caller has of the call, which it cancels when it goes away.
  struct Handle {
    Handle() = default;
    ~Handle() {
      if (call != nullptr) call->LetGoOf();
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;

    std::shared_ptr<StreamCall> call;
  };
  void LetGoOf() CHANNEL_UNLOCKED;

  // Call
  bool may_retry() const override CHANNEL_LOCKED { return !wrote_ && !replied_; }
  void OnStarted() override CHANNEL_LOCKED;
  absl::Status OnMessage(wire::Bytes message) override CHANNEL_LOCKED;
  absl::Status OnPart() override CHANNEL_LOCKED;
  void OnCredit(std::uint64_t bytes) override CHANNEL_LOCKED;
  void OnWritable() override CHANNEL_LOCKED;
  std::string_view sent_phase() const override CHANNEL_LOCKED;
  void KeepReply(wire::Bytes reply) override CHANNEL_LOCKED;
  void OnEnded() override CHANNEL_LOCKED;

  void Deliver() override CHANNEL_UNLOCKED;

  // Writing, in stream_call_writes.cc.
  Step TryWriteLocked(const internal::OutMessage& message) CHANNEL_LOCKED;
  Step Put(const internal::OutMessage& message) CHANNEL_LOCKED;
  // There is room. Throws std::bad_alloc.
  Step Send(const internal::OutMessage& message) CHANNEL_LOCKED;
  absl::Status WhyNotWrite() const CHANNEL_LOCKED;
  void PutWaiting() CHANNEL_LOCKED;
  bool WriteMovesOn() const CHANNEL_LOCKED;
  FinishedWrites TakeFinishedWrites() CHANNEL_LOCKED;
  // True: one of them was taken.
  bool TellOf(FinishedWrites written) CHANNEL_UNLOCKED;
  bool HasRoom() const CHANNEL_LOCKED;
  bool Writable() const CHANNEL_LOCKED { return ended() || half_closed_ || HasRoom(); }
  void SendHalfClose() CHANNEL_LOCKED;

  bool TakeNext(wire::Bytes& bytes);
  Step Refill(Wait wait, FinishedWrites& written) CHANNEL_UNLOCKED;
  Step RefillAndTake(Wait wait, wire::Bytes& bytes) CHANNEL_UNLOCKED;
  void ReturnCredit() CHANNEL_UNLOCKED;
  void GiveCredit() CHANNEL_LOCKED;
  bool Readable() const CHANNEL_LOCKED { return !inbound_.empty() || ended(); }
  void WaitForChange(Core::Lock& lock) CHANNEL_LOCKED;
  void Notify() CHANNEL_LOCKED;
  void DropReplies() override CHANNEL_LOCKED;
  void DropUnread() override CHANNEL_LOCKED;
  void DropUnread(absl::Status why) CHANNEL_LOCKED;
  void DropIfClosed() CHANNEL_LOCKED;
  void DropAndEnd(absl::Status status) CHANNEL_LOCKED;
  void FailThrownBy(std::string_view callback, const std::exception_ptr& thrown) CHANNEL_UNLOCKED;
  const absl::Status& final_status() const CHANNEL_LOCKED {
    return failure_.ok() ? Call::status() : failure_;
  }
  bool MayRead();
  std::unique_ptr<StopLink> EndRead() CHANNEL_LOCKED;

  transport::Condition changed_;
  Ready on_readable_ CHANNEL_GUARDED;
  Ready on_writable_ CHANNEL_GUARDED;
  bool deferred_ CHANNEL_GUARDED = false;
  bool concluded_ CHANNEL_GUARDED = false;
  // The reader knows that there is no more, or there is none.
  bool end_read_ CHANNEL_GUARDED = false;

  connection::SendCredit send_credit_ CHANNEL_GUARDED{0};
  connection::ReceiveCredit receive_credit_ CHANNEL_GUARDED;
  const std::int64_t credit_share_;  // The reader takes the lock to return so much at once.
  connection::MessageBatch inbound_ CHANNEL_GUARDED;
  bool wrote_ CHANNEL_GUARDED = false;
  bool replied_ CHANNEL_GUARDED = false;      // A whole message has come.
  bool needs_hello_ CHANNEL_GUARDED = false;  // To know whether a message may be that large.
  bool half_closed_ CHANNEL_GUARDED = false;
  bool blocked_write_ CHANNEL_GUARDED = false;  // A caller is blocked until there is room.
  // Of one write with a callback its callback has not run yet.
  bool telling_ CHANNEL_GUARDED = false;
  // That one, while there is no room for it.
  std::unique_ptr<internal::StreamWrite> waiting_ CHANNEL_GUARDED;
  FinishedWrites finished_writes_ CHANNEL_GUARDED;
  absl::Status failure_ CHANNEL_GUARDED;  // The reader's.

  const bool any_reply_;                 // It may turn out to be the response's.
  RawMessage response_ CHANNEL_GUARDED;  // With that: what it carried.

  // The reader's own, without the lock: what it takes from the stream, many messages at a time.
  connection::MessageBatch reading_;
  std::int64_t unreturned_ = 0;        // The credit of those that it has looked at.
  std::atomic<bool> dropped_ = false;  // Nobody wants what is left.
};

}  // namespace piperpc::client
