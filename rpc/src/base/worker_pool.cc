#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "piperpc/async.h"

namespace piperpc {

class WorkerPool::Impl {
 public:
  Impl(std::size_t threads, std::size_t queue_limit)
      : max_threads_(std::max<std::size_t>(threads, 1)), queue_limit_(queue_limit) {}

  absl::Status Run(absl::AnyInvocable<void()> work) {
    std::lock_guard lock(mutex_);
    if (stopping_) return absl::UnavailableError("the worker threads have been stopped");
    if (idle_ <= queue_.size() && threads_.size() >= max_threads_ &&
        queue_.size() >= queue_limit_) {
      return absl::ResourceExhaustedError(
          absl::StrCat("all ", max_threads_, " workers are busy and ", queue_.size(),
                       " calls wait for them already; the limit is ", queue_limit_));
    }
    queue_.push_back(std::move(work));
    if (idle_ < queue_.size() && threads_.size() < max_threads_) {
      threads_.emplace_back([this] { Work(); });
    }
    changed_.notify_one();
    return absl::OkStatus();
  }

  void Stop() {
    std::vector<std::thread> threads;
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      threads.swap(threads_);
      changed_.notify_all();
    }
    for (std::thread& thread : threads) thread.join();
  }

 private:
  void Work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++idle_;
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      --idle_;
      if (queue_.empty()) return;
      absl::AnyInvocable<void()> work = std::move(queue_.front());
      queue_.pop_front();
      lock.unlock();
      work();
      work = nullptr;  // What it holds goes away outside the lock.
      lock.lock();
    }
  }

  const std::size_t max_threads_;
  const std::size_t queue_limit_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<absl::AnyInvocable<void()>> queue_;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  bool stopping_ = false;
};

WorkerPool::WorkerPool(std::size_t threads, std::size_t queue_limit)
    : impl_(std::make_unique<Impl>(threads, queue_limit)) {}

WorkerPool::~WorkerPool() { Stop(); }

absl::Status WorkerPool::Run(absl::AnyInvocable<void()> work) {
  return impl_->Run(std::move(work));
}

void WorkerPool::Stop() { impl_->Stop(); }

}  // namespace piperpc
