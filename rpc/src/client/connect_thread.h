// Connects for calls that nobody is blocked in, on a thread that lives as long as there are any.
#pragma once

#include <cstddef>
#include <thread>

#include "absl/status/status.h"
#include "src/base/linked_queue.h"
#include "src/client/async_call_base.h"
#include "src/client/channel_mutex.h"
#include "src/client/core.h"

namespace piperpc::client {

class ConnectThread {
 public:
  // On the thread.
  class Delegate {
   public:
    // Gives the call its connection, or ends it. False: there is no server yet, and it waits.
    virtual bool ConnectFor(AsyncCallBase& call, Core::Lock& lock) CHANNEL_LOCKED = 0;

    // Until it is time to look for a server again.
    virtual void Pause(Core::Lock& lock) CHANNEL_LOCKED = 0;

   protected:
    ~Delegate() = default;
  };

  ConnectThread(Core& core, Delegate& delegate) : core_(core), delegate_(delegate) {}

  void Add(AsyncCallBase& call) CHANNEL_LOCKED;
  void Remove(AsyncCallBase& call) CHANNEL_LOCKED;  // Nothing when it is not waiting here.
  void EndAll(const absl::Status& status) CHANNEL_LOCKED;

  // Waits for the thread. After the channel was closed, not on that thread.
  void Join() CHANNEL_UNLOCKED;

  // This is its thread.
  bool IsThis() const;

 private:
  absl::Status Begin() CHANNEL_LOCKED;
  void Run() CHANNEL_UNLOCKED;
  bool ServeOne() CHANNEL_UNLOCKED;
  bool Postpone(AsyncCallBase& call) CHANNEL_LOCKED;

  Core& core_;
  Delegate& delegate_;
  base::LinkedQueue<AsyncCallBase> waiting_ CHANNEL_GUARDED;
  // So many of the last in the queue wait for a server to come.
  std::size_t postponed_ CHANNEL_GUARDED = 0;
  bool running_ CHANNEL_GUARDED = false;
  std::thread thread_ CHANNEL_GUARDED;
};

}  // namespace piperpc::client
