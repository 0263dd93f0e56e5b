#include "tools/piperpcd/shutdown_log.h"

#include <string>

#include "absl/strings/str_cat.h"

namespace piperpc::daemon {

void LogReport(LogWriter& log, const ShutdownReport& report) {
  if (!report.status.ok()) {
    log.Write({LogLevel::kError, "not shut down", {{"reason", report.status.ToString()}}});
  }
  for (const std::string& call : report.stopped) {
    log.Write({LogLevel::kWarning, "call stopped", {{"call", call}}});
  }
  for (const std::string& call : report.aborted) {
    log.Write({LogLevel::kWarning, "call aborted", {{"call", call}}});
  }
  for (const std::string& loop : report.delayed) {
    log.Write({LogLevel::kWarning, "loop delayed", {{"loop", loop}}});
  }
  for (const std::string& thread : report.blocked) {
    log.Write({LogLevel::kWarning, "thread blocked", {{"thread", thread}}});
  }
  for (const std::string& client : report.undelivered) {
    log.Write({LogLevel::kWarning, "replies were not read", {{"client", client}}});
  }
  log.Write({LogLevel::kInfo,
             "ended",
             {{"stopped", absl::StrCat(report.stopped.size())},
              {"aborted", absl::StrCat(report.aborted.size())},
              {"undelivered", absl::StrCat(report.undelivered.size())},
              {"delayed", absl::StrCat(report.delayed.size())},
              {"blocked", absl::StrCat(report.blocked.size())}}});
}

}  // namespace piperpc::daemon
