// Connects for calls that nobody is blocked in, on a thread that lives as long as there are any.
#pragma once

#include <cstddef>
#include <memory>
#include <thread>

#include "absl/status/status.h"
#include "src/base/linked_queue.h"

namespace piperpc::client {

class Core;
class AsyncCallBase;

class Connector {
 public:
  explicit Connector(Core& core) : core_(core) {}

  // With the channel's lock.
  void Add(AsyncCallBase& call);
  void Remove(AsyncCallBase& call);  // Nothing when it is not waiting here.
  void EndAll(const absl::Status& status);

  // Waits for the thread. Without the lock, after the channel was closed, not on that thread.
  void Join();

  // This is its thread.
  bool IsOwnThread() const;

 private:
  absl::Status Begin();
  void Run();
  bool ServeOne();
  bool Postpone(AsyncCallBase& call);

  Core& core_;
  LinkedQueue<AsyncCallBase> waiting_;
  std::size_t postponed_ = 0;  // So many of the last in the queue wait for a server to come.
  bool running_ = false;
  std::thread thread_;
};

}  // namespace piperpc::client
