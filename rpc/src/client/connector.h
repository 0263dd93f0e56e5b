// Connects for calls that nobody is blocked in, on a thread that lives as long as there are any.
#pragma once

#include <cstddef>
#include <memory>
#include <thread>
#include <utility>

#include "src/client/fifo.h"

namespace piperpc::client {

class Call;
class Core;

class Connector {
 public:
  explicit Connector(Core& core) : core_(core) {}

  // With the channel's lock.
  void Add(std::shared_ptr<Call> call);
  Fifo<std::shared_ptr<Call>> TakeAll() { return std::exchange(waiting_, {}); }

  // Waits for the thread. Without the lock, after the channel was closed.
  void Join();

 private:
  void Run();
  bool ServeOne();
  bool Postpone(std::shared_ptr<Call> call);

  Core& core_;
  Fifo<std::shared_ptr<Call>> waiting_;
  std::size_t postponed_ = 0;  // So many of the last in the queue wait for a server to come.
  bool running_ = false;
  std::thread thread_;
};

}  // namespace piperpc::client
