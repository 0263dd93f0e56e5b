// For protobuf 22 and newer, which logs by way of abseil.
#include <absl/base/log_severity.h>
#include <absl/log/globals.h>
#include <absl/log/initialize.h>
#include <absl/log/log_entry.h>
#include <absl/log/log_sink.h>
#include <absl/log/log_sink_registry.h>

#include <mutex>
#include <string>
#include <utility>

#include "tools/shared/library_log.h"

namespace piperpc::tools {
namespace {

LogLevel LevelOf(absl::LogSeverity severity) {
  switch (severity) {
    case absl::LogSeverity::kInfo:
      return LogLevel::kInfo;
    case absl::LogSeverity::kWarning:
      return LogLevel::kWarning;
    default:
      return LogLevel::kError;
  }
}

class Sink final : public absl::LogSink {
 public:
  void Send(const absl::LogEntry& entry) override {
    hook({LevelOf(entry.log_severity()),
          "protobuf",
          {{"message", std::string(entry.text_message())}}});
  }
  LogHook hook;
};

Sink& TheSink() {
  static Sink* const sink = new Sink;
  return *sink;
}

}  // namespace

LibraryLog::LibraryLog(LogHook log) {
  static std::once_flag initialised;
  std::call_once(initialised, [] { absl::InitializeLog(); });
  absl::SetStderrThreshold(absl::LogSeverityAtLeast::kInfinity);
  TheSink().hook = std::move(log);
  absl::AddLogSink(&TheSink());
}

LibraryLog::~LibraryLog() { absl::RemoveLogSink(&TheSink()); }

}  // namespace piperpc::tools
