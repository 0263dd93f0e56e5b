// Connects for calls that nobody is blocked in, on a thread that lives as long as there are any.
#pragma once

#include <cstddef>
#include <thread>

#include "absl/status/status.h"
#include "src/base/linked_queue.h"
#include "src/client/async_call_base.h"
#include "src/client/core.h"

namespace piperpc::client {

class ConnectThread {
 public:
  // On the thread, with the lock.
  class Delegate {
   public:
    // Gives the call its connection, or ends it. False: there is no server yet, and it waits.
    virtual bool ConnectFor(AsyncCallBase& call, Core::Lock& lock) = 0;

    // Until it is time to look for a server again.
    virtual void Pause(Core::Lock& lock) = 0;

   protected:
    ~Delegate() = default;
  };

  ConnectThread(Core& core, Delegate& delegate) : core_(core), delegate_(delegate) {}

  // With the channel's lock.
  void Add(AsyncCallBase& call);
  void Remove(AsyncCallBase& call);  // Nothing when it is not waiting here.
  void EndAll(const absl::Status& status);

  // Waits for the thread. Without the lock, after the channel was closed, not on that thread.
  void Join();

  // This is its thread.
  bool IsThis() const;

 private:
  absl::Status Begin();
  void Run();
  bool ServeOne();
  bool Postpone(AsyncCallBase& call);

  Core& core_;
  Delegate& delegate_;
  base::LinkedQueue<AsyncCallBase> waiting_;
  std::size_t postponed_ = 0;  // So many of the last in the queue wait for a server to come.
  bool running_ = false;
  std::thread thread_;
};

}  // namespace piperpc::client
