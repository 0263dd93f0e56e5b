// The log of servers and channels: a hook that the program provides. Without one, nothing is
// logged. Protobuf, however, writes lines of its own to standard error about text that is not
// UTF-8, unless the program sets a handler (google::protobuf::SetLogHandler(), or a sink of absl's
// log with newer versions).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace piperpc {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// One event. Records never contain messages of calls or passwords.
struct LogRecord {
  LogLevel level;
  std::string_view event;  // A short constant text, such as "connection refused".
  std::vector<std::pair<std::string_view, std::string>> fields;  // Names and values.
};

// Called on any thread, also on several at the same time; must not block for long. The record is
// valid during the call. What the hook throws is ignored.
using LogHook = std::function<void(const LogRecord&)>;

}  // namespace piperpc
