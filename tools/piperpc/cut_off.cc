#include "tools/piperpc/cut_off.h"

#include <condition_variable>
#include <utility>

#include "piperpc/internal/mutex.h"
#include "piperpc/internal/threads.h"

namespace piperpc::cli {

CutOff::CutOff(const CommandDeadline& deadline, std::function<void()> cancel)
    : deadline_(deadline), cancel_(std::move(cancel)) {}

CutOff::~CutOff() { EndWatches(); }

Outcome CutOff::Begin() {
  on_stop_.emplace(deadline_.stop(), [this] { Cancel(); });
  if (!deadline_.end().has_value()) return Outcome();
  auto thread = internal::StartThread("the thread that watches the time", [this] { WatchTime(); });
  if (!thread.ok()) return NoThreadError(thread.status());
  thread_ = *std::move(thread);
  return Outcome();
}

Outcome CutOff::Finish(std::string_view doing) {
  EndWatches();
  if (!cancelled_) return Outcome();
  if (deadline_.stop().stop_requested()) return InterruptedError();
  return TimedOutError(doing, deadline_.spent());
}

void CutOff::Cancel() {
  if (!cancelled_.exchange(true)) cancel_();
}

void CutOff::WatchTime() {
  internal::Mutex mutex;
  std::condition_variable_any never;
  const internal::MutexLock lock(mutex);
  never.wait_until(mutex, finished_.get_token(), *deadline_.end(), [] { return false; });
  if (!finished_.stop_requested()) Cancel();
}

void CutOff::EndWatches() {
  on_stop_.reset();
  finished_.request_stop();
  if (thread_.joinable()) thread_.join();
}

}  // namespace piperpc::cli
