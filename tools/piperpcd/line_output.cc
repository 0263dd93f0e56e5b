#include "tools/piperpcd/line_output.h"

#include <chrono>
#include <condition_variable>
#include <deque>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/internal/threads.h"

namespace piperpc::daemon {

struct LineOutput::State {
  State(Sink to, std::size_t limit) : sink(std::move(to)), limit_bytes(limit) {}

  // Where the system gives no thread at the moment, the next line tries again.
  absl::Status StartThread(const std::shared_ptr<State>& self)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    if (running) return absl::OkStatus();
    auto thread = internal::StartThread("a thread that writes", [self] { self->Work(); });
    if (!thread.ok()) return thread.status();
    writer = *std::move(thread);
    running = true;
    return absl::OkStatus();
  }

  void Work() {
    internal::MutexLock lock(mutex);
    for (;;) {
      while (!ending && lines.empty()) lock.Wait(changed);
      if (lines.empty()) break;
      const std::string line = std::move(lines.front());
      lines.pop_front();
      lock.Unlock();
      const std::error_code failed = sink(line);
      lock.Lock();
      if (failed) error = failed;
      bytes -= line.size();
      changed.notify_all();
    }
    running = false;
    changed.notify_all();
  }

  const Sink sink;
  const std::size_t limit_bytes;
  internal::Mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> lines ABSL_GUARDED_BY(mutex);
  std::error_code error ABSL_GUARDED_BY(mutex);  // The last one.
  // Of lines that have not been written, the one under way included.
  std::size_t bytes ABSL_GUARDED_BY(mutex) = 0;
  std::thread writer ABSL_GUARDED_BY(mutex);
  bool running ABSL_GUARDED_BY(mutex) = false;
  bool ending ABSL_GUARDED_BY(mutex) = false;
};

LineOutput::LineOutput(Sink sink, std::size_t limit_bytes)
    : state_(std::make_shared<State>(std::move(sink), limit_bytes)) {}

LineOutput::~LineOutput() {
  internal::MutexLock lock(state_->mutex);
  state_->ending = true;
  state_->changed.notify_all();
  const auto limit = std::chrono::steady_clock::now() + kFlushLimit;
  bool in_time = true;
  while (state_->running && in_time) in_time = lock.WaitUntil(state_->changed, limit);
  const bool ended = !state_->running;
  std::thread writer = std::move(state_->writer);
  lock.Unlock();
  internal::JoinOrLeave(std::move(writer), ended);
}

bool LineOutput::Write(std::string line) {
  const internal::MutexLock lock(state_->mutex);
  if (line.size() > state_->limit_bytes - state_->bytes) return false;
  state_->bytes += line.size();
  state_->lines.push_back(std::move(line));
  state_->StartThread(state_).IgnoreError();
  state_->changed.notify_all();
  return true;
}

absl::Status LineOutput::Flush(std::chrono::milliseconds limit) {
  internal::MutexLock lock(state_->mutex);
  if (!state_->lines.empty()) {
    absl::Status started = state_->StartThread(state_);
    if (!started.ok()) return started;
  }
  const auto end = std::chrono::steady_clock::now() + limit;
  bool in_time = true;
  while (state_->bytes > 0 && in_time) in_time = lock.WaitUntil(state_->changed, end);
  if (state_->bytes > 0) return absl::DeadlineExceededError("nobody reads what is written");
  if (!state_->error) return absl::OkStatus();
  return absl::DataLossError(state_->error.message());
}

}  // namespace piperpc::daemon
