// What went wrong, as the command line tells it: a text for people and an exit code for scripts.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace piperpc::cli {

// Exit codes. 1 to 16: the call, or the connection, ended with that canonical code; 5 is NOT_FOUND.
enum ExitCode : int {
  kExitOk = 0,
  kExitUsage = 64,         // The command line or the request is wrong; nothing was called.
  kExitIo = 74,            // A file cannot be read, or the output cannot be written.
  kExitInterrupted = 130,  // Ctrl-C.
  kExitNoReader = 141,     // Nobody reads the output any more.
};

// An error of the command line itself: `message` says what is wrong and what is right.
absl::Status UsageError(std::string_view message);

// `status`, but as a usage error. OK stays OK.
absl::Status AsUsageError(const absl::Status& status);

// A file or terminal that does not do what it should.
absl::Status IoError(std::string_view message);

// Standard output has been closed by its reader: the end, but nothing to complain of.
absl::Status NoReaderError();

int ExitCodeOf(const absl::Status& status);

// "NOT_FOUND: no such method", and each detail of the status on a line of its own.
std::string Describe(const absl::Status& status);

// "OK", "NOT_FOUND".
std::string CodeName(const absl::Status& status);

}  // namespace piperpc::cli
