// What a call sees of its connection: where it lives, whose it is, what it may take of the server,
// and the way out for its replies.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "piperpc/internal/codec.h"
#include "piperpc/session_state.h"
#include "src/connection/connection_base.h"
#include "src/connection/memory_budget.h"
#include "src/server/connection_host.h"
#include "src/server/reply_memory.h"
#include "src/transport/event_loop.h"
#include "src/transport/pipe.h"
#include "src/wire/frame.h"

namespace piperpc::server {

class Call;

class CallConnection : public connection::ConnectionBase,
                       protected transport::EventLoop::Deferred,
                       private ReplyMemory::Delegate {
 public:
  ConnectionHost& host() { return host_; }
  ServerCore& core() { return host_.core(); }
  const ServerCore& core() const { return host_.core(); }
  transport::EventLoop& loop() { return host_.loop(); }
  Executor& executor() { return host_.executor(); }
  WorkerPool& workers() { return user_.workers; }
  SessionState& session() { return session_; }
  UserQueue& user_queue() { return host_.QueueOf(user_); }

  // What the messages that came may take.
  connection::MemoryShare& memory() { return memory_; }

  // Memory for a reply of this size. Within the output queue it costs nothing. See
  // ReplyMemory::Take().
  absl::Status TakeForReply(std::size_t message_size) {
    const std::size_t queued = outbox().queued_bytes() + message_size;
    if (queued <= output_limit() || pipe_is_closing()) return absl::OkStatus();
    return TakeAboveQueue(queued - output_limit(), message_size);
  }

  // Throws std::bad_alloc.
  void SendMessage(std::uint64_t call_id, const internal::OutMessage& message);

  // With the message `response` (may be null) only when `status` is OK. Throws std::bad_alloc.
  void SendResponse(std::uint64_t call_id, const absl::Status& status, std::string_view trailers,
                    const internal::OutMessage* response);

  // A response with no more than `status`, after there was no memory for more. Where there is none
  // for that either, the connection ends, soon.
  void SendStatusOrClose(std::uint64_t call_id, const absl::Status& status);

  // To the log: there was none for that. `bytes`: how much that is, where it is known.
  void LogNoMemory(std::string_view method, std::string_view what,
                   std::optional<std::size_t> bytes = std::nullopt);

  // The call has sent its response. Destroyed later in this iteration, when nothing of it runs.
  virtual void OnEnded(Call& call) = 0;

 protected:
  CallConnection(ConnectionHost& host, std::unique_ptr<transport::Pipe> pipe, UserPart& user);
  ~CallConnection() { loop().Undefer(*this); }

  // Hands what waits to the pipe, as far as it takes it.
  void Flush();

  // There was no memory to answer a call with, since this was asked last.
  bool TakeUnanswered() { return std::exchange(unanswered_, false); }

  // What the pipe has taken is the server's again.
  void GiveBackReplyMemory() {
    if (reply_memory_ != nullptr && reply_memory_->in_use()) ShrinkReplyMemory();
  }

  // The pipe has taken something.
  void OnTaken() {
    if (reply_memory_ != nullptr) reply_memory_->OnTaken();
  }

  // In OnReplyTimer(): see ReplyMemory::Expired().
  bool RepliesExpired() { return reply_memory_->Expired(); }

  // Another limit is set already.
  void StopReplyTimer() {
    if (reply_memory_ != nullptr) reply_memory_->Stop();
  }

 private:
  absl::Status TakeAboveQueue(std::size_t above, std::size_t message_size);
  void ShrinkReplyMemory();
  void OnQueued();
  void FlushSoon() final { loop().Defer(*this); }

  // The pipe is of no more use.
  virtual void OnPipeLost(const absl::Status& cause) = 0;

  ConnectionHost& host_;
  UserPart& user_;
  connection::MemoryShare memory_;
  std::unique_ptr<ReplyMemory> reply_memory_;  // Null until replies wait above the queue.
  bool unanswered_ = false;
  SessionState session_;
};

}  // namespace piperpc::server
