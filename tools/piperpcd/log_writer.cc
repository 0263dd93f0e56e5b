#include "tools/piperpcd/log_writer.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "tools/shared/json_text.h"

namespace piperpc::daemon {
namespace {

std::string_view NameOf(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug:
      return "debug";
    case LogLevel::kInfo:
      return "info";
    case LogLevel::kWarning:
      return "warning";
    case LogLevel::kError:
      return "error";
  }
  return "unknown";
}

void AppendField(std::string& line, std::string_view key, std::string_view value) {
  absl::StrAppend(&line, line == "{" ? "" : ",", tools::QuoteJson(key), ":",
                  tools::QuoteJson(value));
}

}  // namespace

std::string FormatRecord(const LogRecord& record, std::string_view time) {
  std::string line = "{";
  AppendField(line, "time", time);
  AppendField(line, "level", NameOf(record.level));
  AppendField(line, "event", record.event);
  for (const auto& [key, value] : record.fields) AppendField(line, key, value);
  return line + "}";
}

void LogWriter::Write(const LogRecord& record) {
  if (record.level < least_) return;
  const std::string time =
      absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
  const std::string line = FormatRecord(record, time) + "\n";
  std::lock_guard lock(mutex_);
  std::fwrite(line.data(), 1, line.size(), file_);
  std::fflush(file_);
}

}  // namespace piperpc::daemon
