#include "tools/piperpcd/line_output.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <utility>

#include "piperpc/internal/threads.h"

namespace piperpc::daemon {

struct LineOutput::State {
  State(Sink to, std::size_t limit) : sink(std::move(to)), limit_bytes(limit) {}

  // With the lock. Where the system gives no thread at the moment, the next line tries again.
  absl::Status StartThread(const std::shared_ptr<State>& self) {
    if (running) return absl::OkStatus();
    auto thread = internal::StartThread("a thread that writes", [self] { self->Work(); });
    running = thread.ok();
    if (running) thread->detach();
    return thread.status();
  }

  void Work() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [this] { return ending || !lines.empty(); });
      if (lines.empty()) break;
      const std::string line = std::move(lines.front());
      lines.pop_front();
      lock.unlock();
      const std::error_code failed = sink(line);
      lock.lock();
      if (failed) error = failed;
      bytes -= line.size();
      changed.notify_all();
    }
    running = false;
    changed.notify_all();
  }

  const Sink sink;
  const std::size_t limit_bytes;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<std::string> lines;
  std::error_code error;  // The last one.
  std::size_t bytes = 0;  // Of lines that have not been written, the one under way included.
  bool running = false;
  bool ending = false;
};

LineOutput::LineOutput(Sink sink, std::size_t limit_bytes)
    : state_(std::make_shared<State>(std::move(sink), limit_bytes)) {}

LineOutput::~LineOutput() {
  std::unique_lock lock(state_->mutex);
  state_->ending = true;
  state_->changed.notify_all();
  state_->changed.wait_for(lock, kFlushLimit, [this] { return !state_->running; });
}

bool LineOutput::Write(std::string line) {
  std::lock_guard lock(state_->mutex);
  if (line.size() > state_->limit_bytes - state_->bytes) return false;
  state_->bytes += line.size();
  state_->lines.push_back(std::move(line));
  state_->StartThread(state_).IgnoreError();
  state_->changed.notify_all();
  return true;
}

absl::Status LineOutput::Flush(std::chrono::milliseconds limit) {
  std::unique_lock lock(state_->mutex);
  if (!state_->lines.empty()) {
    absl::Status started = state_->StartThread(state_);
    if (!started.ok()) return started;
  }
  if (!state_->changed.wait_for(lock, limit, [this] { return state_->bytes == 0; })) {
    return absl::DeadlineExceededError("nobody reads what is written");
  }
  if (!state_->error) return absl::OkStatus();
  return absl::DataLossError(state_->error.message());
}

}  // namespace piperpc::daemon
