// The log: one JSON object on each line.
#pragma once

#include <cstdio>
#include <mutex>

#include "piperpc/log.h"

namespace piperpc::daemon {

//     {"time":"2026-01-31T12:00:00.123Z","level":"info","event":"listening","endpoint":"demo"}
//
// Thread-safe. A log that cannot be written stops nothing.
class LogWriter {
 public:
  LogWriter(std::FILE* file, LogLevel least) : file_(file), least_(least) {}
  LogWriter(const LogWriter&) = delete;
  LogWriter& operator=(const LogWriter&) = delete;

  void Write(const LogRecord& record);

  // For the library. The writer outlives the hook.
  LogHook Hook() {
    return [this](const LogRecord& record) { Write(record); };
  }

 private:
  std::mutex mutex_;
  std::FILE* const file_;
  const LogLevel least_;
};

// The line, without its newline. `time`: as in the example above.
std::string FormatRecord(const LogRecord& record, std::string_view time);

}  // namespace piperpc::daemon
