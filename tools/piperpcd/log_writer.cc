#include "tools/piperpcd/log_writer.h"

#include <string>
#include <utility>

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

std::string UserOf(const LogRecord& record) {
  for (const auto& [key, value] : record.fields) {
    if (key == "peer_user") return value;
  }
  return {};
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
  const internal::MutexLock lock(mutex_);
  Add(record);
}

void LogWriter::WriteLimited(const LogRecord& record, TimePoint now) {
  if (record.level < least_) return;
  const internal::MutexLock lock(mutex_);
  ForgetOld(now);
  Kind& kind = kinds_[{std::string(record.event), UserOf(record)}];
  if (kind.lines == 0 || now - kind.window_begin >= kWindow) {
    kind.window_begin = now;
    kind.lines = 0;
  }
  if (kind.lines >= kLinesPerWindow) {
    ++kind.left_out;
    return;
  }
  ++kind.lines;
  if (kind.left_out == 0) return Add(record);
  LogRecord counted = record;
  counted.fields.emplace_back("left_out", absl::StrCat(std::exchange(kind.left_out, 0)));
  Add(counted);
}

bool LogWriter::Finish(std::chrono::milliseconds limit) {
  {
    const internal::MutexLock lock(mutex_);
    for (auto& [key, kind] : kinds_) {
      AddLeftOut(key, kind.left_out);
      kind.left_out = 0;
    }
  }
  return output_.Flush(limit).ok();
}

void LogWriter::AddLeftOut(const Key& key, std::uint64_t lines) {
  if (lines == 0) return;
  LogRecord note{LogLevel::kWarning,
                 "log lines left out",
                 {{"of", key.event}, {"left_out", absl::StrCat(lines)}}};
  if (!key.user.empty()) note.fields.emplace_back("peer_user", key.user);
  Add(note);
}

// So that users who come and go leave nothing behind.
void LogWriter::ForgetOld(TimePoint now) {
  if (kinds_.size() < kMostKinds) return;
  std::erase_if(kinds_, [&](const auto& each) {
    mutex_.AssertHeld();
    const bool old = now - each.second.window_begin >= kWindow;
    if (old) AddLeftOut(each.first, each.second.left_out);
    return old;
  });
}

void LogWriter::Add(const LogRecord& record) {
  if (record.level < least_) return;
  const std::string time =
      absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
  std::string lines;
  if (dropped_ != 0) {
    const LogRecord note{
        LogLevel::kWarning, "log lines dropped", {{"dropped", absl::StrCat(dropped_)}}};
    lines = FormatRecord(note, time) + "\n";
  }
  lines += FormatRecord(record, time) + "\n";
  if (output_.Write(std::move(lines))) {
    dropped_ = 0;
  } else {
    ++dropped_;
  }
}

}  // namespace piperpc::daemon
