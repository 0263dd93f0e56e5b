// Where the library says what it does. Nothing is written unless a hook is given; protobuf,
// however, writes lines of its own about text that is not UTF-8, until the program gives it a
// handler (google::protobuf::SetLogHandler, or a sink of absl's log with newer versions).
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace piperpc {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// One thing that happened: a short constant text, and its particulars. Never a payload, never a
// password.
struct LogRecord {
  LogLevel level;
  std::string_view event;  // "connection refused".
  std::vector<std::pair<std::string_view, std::string>> fields;
};

// Called on any thread, several at a time; must not block for long. Empty: silence.
using LogHook = std::function<void(const LogRecord&)>;

}  // namespace piperpc
