#include <algorithm>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "piperpc/async.h"
#include "piperpc/internal/threads.h"
#include "src/base/process.h"

namespace piperpc {

class WorkerPool::Impl {
 public:
  Impl(std::size_t threads, std::size_t queue_limit)
      : max_threads_(std::max<std::size_t>(threads, 1)), queue_limit_(queue_limit) {}

  // Its threads are those of the parent process.
  bool foreign() const { return mark_.foreign(); }

  absl::StatusOr<Ticket> Enqueue(absl::AnyInvocable<void()> work) {
    if (!mark_.Claim()) {
      return absl::FailedPreconditionError(
          "this worker pool was used before fork() and belongs to the parent process; make a new "
          "one after fork()");
    }
    const std::lock_guard lock(mutex_);
    if (stopping_) return absl::UnavailableError("the worker threads have been stopped");
    const bool one_more = idle_ <= queue_.size() && threads_.size() < max_threads_;
    absl::Status started = one_more ? AddThread() : absl::OkStatus();
    if (threads_.empty()) return started;
    // Where no thread more is to be had, those that are there get to it in time.
    if ((!one_more || !started.ok()) && idle_ <= queue_.size() && queue_.size() >= queue_limit_) {
      return absl::ResourceExhaustedError(
          absl::StrCat("all ", threads_.size(), " workers are busy and ", queue_.size(),
                       " calls wait for them already; the limit is ", queue_limit_));
    }
    const Ticket ticket = ++last_ticket_;
    queue_.emplace(ticket, std::move(work));
    changed_.notify_one();
    return ticket;
  }

  bool TakeBack(Ticket ticket) {
    if (foreign()) return false;
    decltype(queue_)::node_type taken;  // Goes away without the lock.
    const std::lock_guard lock(mutex_);
    taken = queue_.extract(ticket);
    return !taken.empty();
  }

  void Stop() {
    if (foreign()) return;
    std::vector<std::thread> threads;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      threads.swap(threads_);
      changed_.notify_all();
    }
    for (std::thread& thread : threads) thread.join();
  }

  bool busy() const {
    if (foreign()) return false;
    const std::lock_guard lock(mutex_);
    return running_ > 0;
  }

  bool IsOwnThread() const { return current == this; }

 private:
  absl::Status AddThread() {
    auto thread = internal::StartThread("a worker thread", [this] { Work(); });
    if (!thread.ok()) return thread.status();
    threads_.push_back(*std::move(thread));
    ++idle_;  // It will look at the queue before it waits.
    return absl::OkStatus();
  }

  void Work() {
    current = this;
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
      if (queue_.empty()) return;
      --idle_;
      ++running_;
      auto next = queue_.extract(queue_.begin());
      lock.unlock();
      RunOne(std::move(next.mapped()));
      lock.lock();
      --running_;
      ++idle_;
    }
  }

  // What the work holds goes away in here, outside the lock.
  static void RunOne(absl::AnyInvocable<void()> work) {
    try {
      work();
    } catch (...) {  // As WorkerPool::Run() says.
    }
  }

  static thread_local const Impl* current;

  ProcessMark mark_;
  const std::size_t max_threads_;
  const std::size_t queue_limit_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<Ticket, absl::AnyInvocable<void()>> queue_;  // The oldest first.
  Ticket last_ticket_ = 0;
  std::vector<std::thread> threads_;
  std::size_t idle_ = 0;
  std::size_t running_ = 0;
  bool stopping_ = false;
};

thread_local const WorkerPool::Impl* WorkerPool::Impl::current = nullptr;

WorkerPool::WorkerPool(std::size_t threads, std::size_t queue_limit)
    : impl_(std::make_unique<Impl>(threads, queue_limit)) {}

// In a child of fork() it stays: nobody can wait for its threads.
WorkerPool::~WorkerPool() {
  if (impl_->foreign()) {
    KeepForever(impl_.release());
  } else {
    Stop();
  }
}

absl::StatusOr<WorkerPool::Ticket> WorkerPool::Enqueue(absl::AnyInvocable<void()> work) {
  return impl_->Enqueue(std::move(work));
}

bool WorkerPool::TakeBack(Ticket ticket) { return impl_->TakeBack(ticket); }

void WorkerPool::Stop() { impl_->Stop(); }

bool WorkerPool::busy() const { return impl_->busy(); }

bool WorkerPool::IsOwnThread() const { return impl_->IsOwnThread(); }

}  // namespace piperpc
