#include "tools/piperpcd/metrics_file.h"

#include <utility>

#include "piperpc/internal/threads.h"

namespace piperpc::daemon {

absl::StatusOr<std::unique_ptr<MetricsFile>> MetricsFile::Open(
    std::string path, std::chrono::milliseconds pause, std::shared_ptr<const Metrics> metrics,
    OnChange on_change) {
  std::unique_ptr<MetricsFile> file(
      new MetricsFile(std::move(path), pause, std::move(metrics), std::move(on_change)));
  if (absl::Status written = file->Write(); !written.ok()) return written;
  absl::StatusOr<std::thread> thread = internal::StartThread("the thread that writes the metrics",
                                                             [raw = file.get()] { raw->Run(); });
  if (!thread.ok()) return thread.status();
  file->thread_ = *std::move(thread);
  return file;
}

MetricsFile::MetricsFile(std::string path, std::chrono::milliseconds pause,
                         std::shared_ptr<const Metrics> metrics, OnChange on_change)
    : path_(std::move(path)),
      pause_(pause),
      metrics_(std::move(metrics)),
      on_change_(std::move(on_change)) {}

MetricsFile::~MetricsFile() {
  if (!thread_.joinable()) return;
  {
    const internal::MutexLock lock(mutex_);
    ended_ = true;
  }
  ends_.notify_all();
  thread_.join();
}

void MetricsFile::Run() {
  while (Pause()) Tell(Write());
  Tell(Write());
}

bool MetricsFile::Pause() {
  internal::MutexLock lock(mutex_);
  const auto limit = std::chrono::steady_clock::now() + pause_;
  while (!ended_) {
    if (!lock.WaitUntil(ends_, limit)) break;
  }
  return !ended_;
}

void MetricsFile::Tell(const absl::Status& written) {
  if (std::exchange(failing_, !written.ok()) == failing_) return;
  on_change_(written);
}

}  // namespace piperpc::daemon
