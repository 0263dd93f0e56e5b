// The log: one JSON object on each line.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/log.h"
#include "tools/piperpcd/line_output.h"

namespace piperpc::daemon {

//     {"time":"2026-01-31T12:00:00.123Z","level":"info","event":"listening","endpoint":"demo"}
//
// Thread-safe. Never waits for the reader of the log: lines above kQueueBytes that nobody has read
// are dropped, and the next line comes after "event":"log lines dropped","dropped":"12".
class LogWriter {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::size_t kQueueBytes = 1024 * 1024;

  // The limit for lines of one event about one user ("peer_user") within a window, of any level, so
  // that lines about one user do not hide those about others. Further lines are left out, and
  // counted in the next line of that kind, or at the end: "left_out":"300".
  static constexpr std::size_t kLinesPerWindow = 20;
  static constexpr std::chrono::seconds kWindow{10};

  LogWriter(LineOutput::Sink sink, LogLevel least)
      : output_(std::move(sink), kQueueBytes), least_(least) {}
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  void Write(const LogRecord& record);

  // As Write(), with that limit: for events that clients can cause.
  void WriteLimited(const LogRecord& record, TimePoint now);

  // A hook for the library, which the writer must outlive. It calls WriteLimited().
  LogHook Hook() {
    return
        [this](const LogRecord& record) { WriteLimited(record, std::chrono::steady_clock::now()); };
  }

  // Logs what was left out, and waits up to `limit` until everything is written. False: it was not.
  bool Finish(std::chrono::milliseconds limit);

 private:
  struct Kind {
    TimePoint window_begin;
    std::size_t lines = 0;
    std::uint64_t left_out = 0;
  };
  struct Key {
    std::string event;
    std::string user;  // Empty: the event is not about a user.
    bool operator<(const Key& other) const {
      return std::tie(event, user) < std::tie(other.event, other.user);
    }
  };
  static constexpr std::size_t kMostKinds = 1000;  // Above this, those of past windows are dropped.

  void Add(const LogRecord& record) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void AddLeftOut(const Key& key, std::uint64_t lines) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void ForgetOld(TimePoint now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  internal::Mutex mutex_;
  std::map<Key, Kind> kinds_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t dropped_ ABSL_GUARDED_BY(mutex_) = 0;
  LineOutput output_;
  const LogLevel least_;
};

// The line, without its newline. `time`: as in the example above.
std::string FormatRecord(const LogRecord& record, std::string_view time);

}  // namespace piperpc::daemon
