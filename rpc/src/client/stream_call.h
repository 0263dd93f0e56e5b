// A call with a stream of messages in one direction, or in both.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "src/client/async_call_base.h"
#include "src/client/finished_writes.h"
#include "src/connection/credit.h"
#include "src/connection/message_batch.h"

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
             const internal::OutMessage* request, const CallOptions& options);

  // ClientStream, without the lock. In a child of fork() all of them end at once, and touch
  // nothing.
  Step TryWrite(const internal::OutMessage& message) override;
  Step TryRead(wire::Bytes& bytes) override;
  Step Write(const internal::OutMessage& message) override;
  Step Read(wire::Bytes& bytes) override;
  void WhenWritable(absl::AnyInvocable<void()> ready) override;
  void WhenReadable(absl::AnyInvocable<void()> ready) override;
  void StartWrite(std::unique_ptr<internal::StreamWrite> write) override;
  void HalfClose() override;
  void LetGoOfWrites() override;
  RawMessage TakeResponse() override;
  absl::Status status() override;
  void Fail(absl::Status status) override;
  void FailThrown(const std::exception_ptr& thrown) override;
  void Cancel() override { EndForCaller(); }

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
  void LetGoOf();

  // Call, with the lock.
  bool may_retry() const override { return !wrote_; }
  void OnStarted() override;
  absl::Status OnMessage(wire::Bytes message) override;
  absl::Status OnPart() override;
  void OnCredit(std::uint64_t bytes) override;
  void OnWritable() override;
  void KeepReply(wire::Bytes reply) override;
  void OnEnded() override;

  void Deliver() override;

  // Writing, in stream_call_writes.cc. With the lock, but for TellOf().
  Step TryWriteLocked(const internal::OutMessage& message);
  Step Put(const internal::OutMessage& message);
  Step Send(const internal::OutMessage& message);  // There is room. Throws std::bad_alloc.
  absl::Status WhyNotWrite() const;
  void PutWaiting();
  bool WriteMovesOn() const;
  FinishedWrites TakeFinishedWrites();
  void TellOf(FinishedWrites written);
  bool HasRoom() const;
  bool Writable() const { return ended() || half_closed_ || HasRoom(); }
  void SendHalfClose();

  bool TakeNext(wire::Bytes& bytes);
  Step Refill(Wait wait, FinishedWrites& written);
  Step RefillAndTake(Wait wait, wire::Bytes& bytes);
  void ReturnCredit();
  void GiveCredit();  // With the lock.
  bool Readable() const { return !inbound_.empty() || ended(); }
  void WaitForChange(Core::Lock& lock);
  void Notify();
  void DropReplies() override;
  void DropUnread() override;
  void DropUnread(absl::Status why);
  void DropIfClosed();
  void DropAndEnd(absl::Status status);
  void FailThrownBy(std::string_view callback, const std::exception_ptr& thrown);
  const absl::Status& final_status() const { return failure_.ok() ? Call::status() : failure_; }
  bool MayRead();
  std::unique_ptr<StopLink> EndRead();

  std::condition_variable changed_;
  Ready on_readable_;
  Ready on_writable_;
  bool deferred_ = false;
  bool concluded_ = false;
  bool end_read_ = false;  // The reader knows that there is no more, or there is none.

  connection::SendCredit send_credit_{0};
  connection::ReceiveCredit receive_credit_;
  const std::int64_t credit_share_;  // The reader takes the lock to return so much at once.
  connection::MessageBatch inbound_;
  bool wrote_ = false;
  bool needs_hello_ = false;  // To know whether a message may be that large.
  bool half_closed_ = false;
  bool telling_ = false;  // Of one write with a callback its callback has not run yet.
  std::unique_ptr<internal::StreamWrite> waiting_;  // That one, while there is no room for it.
  FinishedWrites finished_writes_;
  absl::Status failure_;  // The reader's.

  const bool any_reply_;  // It may turn out to be the response's.
  RawMessage response_;   // With that: what it carried.

  // The reader's own, without the lock: what it takes from the stream, many messages at a time.
  connection::MessageBatch reading_;
  std::int64_t unreturned_ = 0;        // The credit of those that it has looked at.
  std::atomic<bool> dropped_ = false;  // Nobody wants what is left.
};

}  // namespace piperpc::client
