// What the replies of one connection take above its output queue, out of the server's budget for
// replies, until the client has read them.
#pragma once

#include <cstddef>

#include "absl/status/status.h"
#include "src/connection/memory_budget.h"
#include "src/server/connection_host.h"
#include "src/transport/event_loop.h"

namespace piperpc::server {

class ReplyMemory final : private transport::EventLoop::Timer {
 public:
  class Delegate {
   public:
    // Replies have waited above the queue for message_timeout: see Expired().
    virtual void OnReplyTimer() = 0;

   protected:
    ~Delegate() = default;
  };

  // All of them outlive it. `user`: whose connection it is.
  ReplyMemory(ConnectionHost& host, UserPart& user, Delegate& delegate);
  ~ReplyMemory() { Stop(); }

  // Room for a message of `message_size` bytes with which `above` of them wait above the queue.
  // What the client leaves unread must not take what others need: RESOURCE_EXHAUSTED, naming the
  // limit. A small one always has room: there are no more of them than calls.
  absl::Status Take(std::size_t above, std::size_t message_size);

  // No more than `above` of them wait there now.
  void Shrink(std::size_t above);

  bool in_use() const { return share_.used() != 0; }

  // In OnReplyTimer(). The pipe has taken nothing for message_timeout; else it has time once more.
  bool Expired();

  // The pipe has taken something.
  void OnTaken() { taken_at_ = host_.loop().Now(); }

  // Another limit is set already.
  void Stop() {
    if (scheduled()) host_.loop().Cancel(*this);
  }

 private:
  void OnTimer() override { delegate_.OnReplyTimer(); }
  void ExpectReader();
  base::TimePoint limit() const;

  ConnectionHost& host_;
  Delegate& delegate_;
  connection::MemoryShare share_;
  base::TimePoint taken_at_;  // When the pipe took something, or was first expected to.
};

}  // namespace piperpc::server
