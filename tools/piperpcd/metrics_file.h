// The file that the server's metrics are written to, again and again.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/metrics.h"

namespace piperpc::daemon {

class MetricsFile {
 public:
  // Is told, on its thread, of a write that has failed when the one before did not, and of the
  // first one that works again.
  using OnChange = std::function<void(const absl::Status&)>;

  // Writes the file once, and then every `pause` on a thread of its own.
  static absl::StatusOr<std::unique_ptr<MetricsFile>> Open(std::string path,
                                                           std::chrono::milliseconds pause,
                                                           std::shared_ptr<const Metrics> metrics,
                                                           OnChange on_change);

  // Writes it a last time.
  ~MetricsFile();
  MetricsFile(const MetricsFile&) = delete;
  MetricsFile& operator=(const MetricsFile&) = delete;

 private:
  MetricsFile(std::string path, std::chrono::milliseconds pause,
              std::shared_ptr<const Metrics> metrics, OnChange on_change);

  absl::Status Write() const { return WritePrometheusFile(path_, metrics_->Read()); }
  void Run();
  bool Pause();  // False: it is the end.
  void Tell(const absl::Status& written);

  const std::string path_;
  const std::chrono::milliseconds pause_;
  const std::shared_ptr<const Metrics> metrics_;
  const OnChange on_change_;
  bool failing_ = false;  // The thread's.

  internal::Mutex mutex_;
  std::condition_variable ends_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace piperpc::daemon
