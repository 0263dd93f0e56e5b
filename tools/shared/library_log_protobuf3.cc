// For protobuf 3, which has log functions of its own.
#include <google/protobuf/stubs/logging.h>

#include <string>
#include <utility>

#include "tools/shared/library_log.h"

namespace piperpc::tools {
namespace {

// The library takes a plain function.
LogHook& TheHook() {
  static LogHook* const hook = new LogHook;
  return *hook;
}

LogLevel LevelOf(google::protobuf::LogLevel level) {
  switch (level) {
    case google::protobuf::LOGLEVEL_INFO:
      return LogLevel::kInfo;
    case google::protobuf::LOGLEVEL_WARNING:
      return LogLevel::kWarning;
    default:
      return LogLevel::kError;
  }
}

void TakeLine(google::protobuf::LogLevel level, const char*, int, const std::string& message) {
  TheHook()({LevelOf(level), "protobuf", {{"message", message}}});
}

}  // namespace

LibraryLog::LibraryLog(LogHook log) {
  TheHook() = std::move(log);
  google::protobuf::SetLogHandler(&TakeLine);
}

LibraryLog::~LibraryLog() { google::protobuf::SetLogHandler(nullptr); }

}  // namespace piperpc::tools
