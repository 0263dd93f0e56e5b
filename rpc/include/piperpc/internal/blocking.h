// What the coroutine form of a method does when it is not overridden: it runs the blocking form on
// the server's workers. Generated code calls these; each is one function for one call shape.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/async.h"
#include "piperpc/internal/streams.h"
#include "piperpc/reader.h"
#include "piperpc/server_context.h"
#include "piperpc/stream.h"
#include "piperpc/task.h"

namespace piperpc::internal {

// Hands messages from a coroutine on the loop to a thread, or the other way round; bounded. Both
// ends may close it: Put() is refused then, and what is in it can still be taken.
template <typename T>
class Handoff {
 public:
  // Thread side. False, or none: closed.
  bool PutAndWait(T value) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || queue_.size() < kLimit; });
    if (closed_) return false;
    queue_.push_back(std::move(value));
    event_.Set();
    return true;
  }
  std::optional<T> TakeAndWait() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return closed_ || !queue_.empty(); });
    event_.Set();
    return PopLocked();
  }

  // Coroutine side: do not wait, `event()` tells when it is worth another try.
  bool full() {
    std::lock_guard lock(mutex_);
    return !closed_ && queue_.size() >= kLimit;
  }
  bool Put(T value) {
    std::lock_guard lock(mutex_);
    if (closed_) return false;
    queue_.push_back(std::move(value));
    changed_.notify_one();
    return true;
  }
  std::optional<T> Take() {
    std::lock_guard lock(mutex_);
    changed_.notify_one();
    return PopLocked();
  }
  bool closed() {
    std::lock_guard lock(mutex_);
    return closed_;
  }

  void Close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
    event_.Set();
  }
  AsyncEvent& event() { return event_; }

 private:
  static constexpr std::size_t kLimit = 16;

  std::optional<T> PopLocked() {
    if (queue_.empty()) return std::nullopt;
    std::optional<T> value(std::move(queue_.front()));
    queue_.pop_front();
    return value;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> queue_;
  bool closed_ = false;
  AsyncEvent event_;
};

// The streams of one blocking handler that runs on a worker. Shared by that worker and the
// coroutine that feeds it; closing both ends lets the worker go.
template <typename Request, typename Response>
struct BlockingStreams final : BlockingSource<Request>, BlockingSink<Response> {
  std::optional<Request> Next() override { return requests.TakeAndWait(); }
  bool Write(Response message) override { return replies.PutAndWait(std::move(message)); }

  Handoff<Request> requests;
  Handoff<Response> replies;
};

}  // namespace piperpc::internal
