// A call that nobody is blocked in: it keeps itself alive until it has ended, and what it has to
// tell is delivered by the loop.
#pragma once

#include <memory>

#include "src/base/linked_queue.h"
#include "src/client/call.h"
#include "src/client/due_callbacks.h"

namespace piperpc::client {

class AsyncCallBase : public Call, public PendingCallback, public base::QueueLink<AsyncCallBase> {
 public:
  // With the lock, before it has ended.
  std::shared_ptr<AsyncCallBase> Share() const CHANNEL_LOCKED { return self_; }

 protected:
  AsyncCallBase(const std::shared_ptr<Core>& core, const internal::ClientMethod& method,
                const CallOptions& options);

  // Begins the call, which is `self`. Once, after construction, without the lock.
  // `request`: null for a stream of them.
  void Start(const std::shared_ptr<AsyncCallBase>& self, const CallOptions& options,
             const internal::OutMessage* request) CHANNEL_UNLOCKED;

  // What keeps the call alive; with the lock, once it has ended. It waits for no connection any
  // more.
  std::shared_ptr<PendingCallback> LetGo() CHANNEL_LOCKED;

  // What listens to the caller's stop token, once the call has ended; it must go away without the
  // lock.
  std::unique_ptr<StopLink> TakeStopLink() CHANNEL_LOCKED { return std::move(stop_); }

 private:
  absl::Status KeepRequest(const internal::OutMessage& request) CHANNEL_UNLOCKED;
  void KeepAlive(const std::shared_ptr<AsyncCallBase>& self);
  internal::OutMessage request() const override { return internal::OutMessage::Of(request_); }
  void OnConnectAgain() override CHANNEL_LOCKED { core().Launch(*this); }
  void OnBackOff() override CHANNEL_LOCKED { core().deadlines().Schedule(*this, next_attempt()); }

  const std::shared_ptr<Core> owner_;
  RawMessage request_;
  std::unique_ptr<const std::string> own_name_;  // Where the caller's may go away.
  std::unique_ptr<StopLink> stop_ CHANNEL_GUARDED;
  std::shared_ptr<AsyncCallBase> self_ CHANNEL_GUARDED;  // Until it has ended.
};

}  // namespace piperpc::client
