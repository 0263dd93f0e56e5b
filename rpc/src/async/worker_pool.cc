#include <algorithm>
#include <condition_variable>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "piperpc/async.h"
#include "piperpc/executor.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/internal/threads.h"
#include "src/base/clock.h"
#include "src/base/process.h"
#include "src/base/text.h"

namespace piperpc {

using Job = absl::AnyInvocable<void()>;

// What one user has of a pool; or, without a name and a share, the pool's owner.
struct WorkerPool::Part {
  // For clang: stands for the lock of whichever pool. No thread holds those of two.
  static internal::Mutex pool_mutex;

  explicit Part(std::string_view its_user) : user(its_user) {}
  const std::string user;
  std::map<Ticket, Job> queue ABSL_GUARDED_BY(pool_mutex);  // The oldest first.
  std::size_t running ABSL_GUARDED_BY(pool_mutex) = 0;

  // Its place in the line of those with work that may run. Here while it does not stand there, and
  // empty then: so it needs no memory to stand in line.
  std::list<std::shared_ptr<Part>> place ABSL_GUARDED_BY(pool_mutex){1};
  bool in_line() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(pool_mutex) { return place.empty(); }
};

class WorkerPool::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(std::size_t threads, std::size_t queue_limit, std::string_view threads_name,
       std::string_view queue_limit_name)
      : max_threads_(std::max<std::size_t>(threads, 1)),
        queue_limit_(queue_limit),
        threads_name_(threads_name),
        queue_limit_name_(queue_limit_name) {}

  // Its threads are those of the parent process.
  bool foreign() const { return mark_.foreign(); }

  absl::StatusOr<Ticket> Enqueue(const std::shared_ptr<Part>& part, Job work) {
    if (!mark_.Claim()) {
      return absl::FailedPreconditionError(
          "this worker pool was used before fork() and belongs to the parent process; create a new "
          "one in the child");
    }
    const internal::MutexLock lock(mutex());
    if (stopping_) return absl::UnavailableError("the worker threads have been stopped");
    const bool may_run = part->running + part->queue.size() < ThreadsOf(*part);
    bool runs = may_run && idle_ > Claimed();
    absl::Status started;
    if (may_run && !runs && threads_.size() < max_threads_) {
      started = AddThread();
      runs = started.ok();
    }
    if (threads_.empty()) return started;
    // Where no further thread can be started, those that are there will get to it.
    if (!runs) {
      if (absl::Status full = CheckRoom(*part); !full.ok()) return full;
    }
    const Ticket ticket = ++last_ticket_;
    part->queue.emplace(ticket, std::move(work));
    ++queued_;
    StandInLine(part);
    changed_.notify_one();
    return ticket;
  }

  bool TakeBack(Part& part, Ticket ticket) {
    if (foreign()) return false;
    decltype(part.queue)::node_type taken;  // Goes away without the lock.
    const internal::MutexLock lock(mutex());
    taken = part.queue.extract(ticket);
    if (taken.empty()) return false;
    --queued_;
    if (part.queue.empty() && part.in_line()) {
      LeaveLine(std::find_if(line_.begin(), line_.end(),
                             [&part](const auto& each) { return each.get() == &part; }));
    }
    return true;
  }

  bool Stop(base::TimePoint limit) {
    if (foreign()) return true;
    std::vector<std::thread> threads;
    {
      internal::MutexLock lock(mutex());
      stopping_ = true;
      changed_.notify_all();
      if (!MayWaitHere()) return alive_ == 0;
      for (bool in_time = true; alive_ > 0; in_time = WaitForEnd(lock, limit)) {
        if (!in_time) return false;
      }
      threads.swap(threads_);
    }
    for (std::thread& thread : threads) thread.join();
    return true;
  }

  // What still runs keeps this alive.
  void StopAndLetGo() {
    if (Stop(base::kNever)) return;
    const internal::MutexLock lock(mutex());
    for (std::thread& thread : threads_) thread.detach();
    threads_.clear();
  }

  bool busy() const {
    if (foreign()) return false;
    const internal::MutexLock lock(mutex());
    return running_ + queued_ > 0;
  }

  bool IsOwnThread() const { return current == this; }

 private:
  internal::Mutex& mutex() const ABSL_LOCK_RETURNED(Part::pool_mutex) { return mutex_; }

  // Neither for itself, nor on the thread of an event loop, which others need.
  bool MayWaitHere() const { return !IsOwnThread() && Executor::Current() == nullptr; }

  // False: `limit` has passed.
  bool WaitForEnd(internal::MutexLock& lock, base::TimePoint limit) {
    if (limit != base::kNever) return lock.WaitUntil(ended_, limit);
    lock.Wait(ended_);
    return true;
  }

  absl::Status AddThread() ABSL_EXCLUSIVE_LOCKS_REQUIRED(Part::pool_mutex) {
    threads_.reserve(threads_.size() + 1);  // It may throw: before there is a thread to keep.
    auto thread =
        internal::StartThread("a worker thread", [self = shared_from_this()] { self->Work(); });
    if (!thread.ok()) return thread.status();
    threads_.push_back(*std::move(thread));
    ++alive_;
    ++idle_;  // It will look at the queue before it waits.
    return absl::OkStatus();
  }

  // For one more that has to wait.
  absl::Status CheckRoom(const Part& part) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(Part::pool_mutex) {
    const std::size_t waiting = queued_ - Claimed();
    if (waiting >= queue_limit_) {
      return absl::ResourceExhaustedError(absl::StrCat(
          WhyNoThread(part), " and ", waiting, " calls are waiting for one; the limit is ",
          queue_limit_, " (", queue_limit_name_, "); try again later"));
    }
    const std::size_t unused = queue_limit_ - waiting;
    const std::size_t own = part.queue.size() - Claimed(part);
    if (part.user.empty() || own < unused) return absl::OkStatus();
    return absl::ResourceExhaustedError(
        absl::StrCat(own, " calls of ", part.user, " are waiting for a worker thread, and ", unused,
                     " of ", queue_limit_, " places in the queue (", queue_limit_name_,
                     ") are free; a user may have at most as many calls ",
                     "waiting as there are free places; try again later"));
  }

  std::string WhyNoThread(const Part& part) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(Part::pool_mutex) {
    const std::size_t share = ThreadsOf(part);
    if (share == max_threads_ || part.running + Claimed(part) < share) {
      return absl::StrCat("all ", threads_.size(), " worker threads (", threads_name_,
                          ") are busy");
    }
    return absl::StrCat(part.user, " has its share, ", share, " of ", max_threads_,
                        " worker threads (", threads_name_, "),");
  }

  // How much of its queued work the part's share of the threads allows to run now.
  std::size_t MayRun(const Part& part) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(Part::pool_mutex) {
    return std::min(part.queue.size(), ThreadsOf(part) - part.running);
  }

  // How many of the idle threads are on their way to queued work: to that of one part, and to that
  // of all parts. They serve the line round robin, each one piece of work.
  std::size_t Claimed(const Part& part) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(Part::pool_mutex) {
    std::size_t own = 0;
    ForEachClaim([&](const Part& claims) { own += &claims == &part; });
    return own;
  }
  std::size_t Claimed() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(Part::pool_mutex) {
    std::size_t claimed = 0;
    for (auto part = line_.begin(); part != line_.end() && claimed < idle_; ++part) {
      claimed += MayRun(**part);
    }
    return std::min(claimed, idle_);
  }

  template <typename Take>
  void ForEachClaim(Take take) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(Part::pool_mutex) {
    std::size_t left = Claimed();
    for (std::size_t round = 0; left > 0; ++round) {
      for (auto part = line_.begin(); part != line_.end() && left > 0; ++part) {
        if (MayRun(**part) <= round) continue;
        take(**part);
        --left;
      }
    }
  }

  // How many threads it may have at once.
  std::size_t ThreadsOf(const Part& part) const {
    return part.user.empty() ? max_threads_ : max_threads_ - max_threads_ / 4;
  }

  void StandInLine(const std::shared_ptr<Part>& part)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(Part::pool_mutex) {
    if (part->in_line() || part->queue.empty() || part->running >= ThreadsOf(*part)) return;
    part->place.front() = part;
    line_.splice(line_.end(), part->place);
  }

  std::shared_ptr<Part> LeaveLine(std::list<std::shared_ptr<Part>>::iterator place)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(Part::pool_mutex) {
    std::shared_ptr<Part> part = std::move(*place);
    part->place.splice(part->place.end(), line_, place);
    return part;
  }

  void Work() {
    current = this;
    internal::MutexLock lock(mutex());
    for (;;) {
      while (!stopping_ && line_.empty()) lock.Wait(changed_);
      if (line_.empty()) break;
      const std::shared_ptr<Part> part = LeaveLine(line_.begin());
      Job job = Begin(part);
      lock.Unlock();
      RunOne(std::move(job));
      lock.Lock();
      End(part);
    }
    // The last thing with the lock, which Stop() takes before it joins.
    if (--alive_ == 0) ended_.notify_all();
  }

  // What this thread runs next, the oldest of the part's.
  Job Begin(const std::shared_ptr<Part>& part) ABSL_EXCLUSIVE_LOCKS_REQUIRED(Part::pool_mutex) {
    auto next = part->queue.extract(part->queue.begin());
    --queued_;
    --idle_;
    ++running_;
    ++part->running;
    StandInLine(part);
    return std::move(next.mapped());
  }

  void End(const std::shared_ptr<Part>& part) ABSL_EXCLUSIVE_LOCKS_REQUIRED(Part::pool_mutex) {
    --running_;
    ++idle_;
    --part->running;
    StandInLine(part);
  }

  // What the work holds goes away in here, outside the lock.
  static void RunOne(Job work) {
    try {
      work();
    } catch (...) {  // As WorkerPool::Run() says.
    }
  }

  static thread_local const Impl* current;

  base::ProcessMark mark_;
  const std::size_t max_threads_;
  const std::size_t queue_limit_;
  const std::string threads_name_;
  const std::string queue_limit_name_;
  mutable internal::Mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable ended_;
  // Those with work that may run; the next one first.
  std::list<std::shared_ptr<Part>> line_ ABSL_GUARDED_BY(Part::pool_mutex);
  std::size_t queued_ ABSL_GUARDED_BY(Part::pool_mutex) = 0;  // Of all parts.
  Ticket last_ticket_ ABSL_GUARDED_BY(Part::pool_mutex) = 0;
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(Part::pool_mutex);
  std::size_t alive_ ABSL_GUARDED_BY(Part::pool_mutex) = 0;  // Of those.
  std::size_t idle_ ABSL_GUARDED_BY(Part::pool_mutex) = 0;
  std::size_t running_ ABSL_GUARDED_BY(Part::pool_mutex) = 0;
  bool stopping_ ABSL_GUARDED_BY(Part::pool_mutex) = false;
};

thread_local const WorkerPool::Impl* WorkerPool::Impl::current = nullptr;

WorkerPool::WorkerPool(std::size_t threads, std::size_t queue_limit, std::string_view threads_name,
                       std::string_view queue_limit_name)
    : impl_(std::make_shared<Impl>(threads, queue_limit, threads_name, queue_limit_name)),
      part_(std::make_shared<Part>("")),
      whole_(true) {}

WorkerPool::WorkerPool(WorkerPool& whole, std::string_view user)
    : impl_(whole.impl_),
      part_(std::make_shared<Part>(user.empty() ? "an unknown user" : user)),
      whole_(false) {}

// In a child of fork() it stays: nobody can wait for its threads.
WorkerPool::~WorkerPool() {
  if (impl_->foreign()) {
    base::KeepForever(std::move(impl_));
    base::KeepForever(std::move(part_));
  } else if (whole_) {
    impl_->StopAndLetGo();
  }
}

absl::StatusOr<WorkerPool::Ticket> WorkerPool::Enqueue(absl::AnyInvocable<void()> work) {
  return impl_->Enqueue(part_, std::move(work));
}

bool WorkerPool::TakeBack(Ticket ticket) { return impl_->TakeBack(*part_, ticket); }

bool WorkerPool::Stop(std::chrono::steady_clock::time_point limit) {
  return whole_ && impl_->Stop(limit);
}

bool WorkerPool::busy() const { return impl_->busy(); }

bool WorkerPool::IsOwnThread() const { return impl_->IsOwnThread(); }

}  // namespace piperpc
