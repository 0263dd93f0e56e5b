// Logging in, for --user and for a session's own lines.
#pragma once

#include <string>

#include "tools/piperpc/failure.h"
#include "tools/piperpc/program.h"

namespace piperpc::cli {

struct LoginTerms {
  std::string user;
  std::string password_file;  // See FindPassword().
  bool may_register = false;  // Without asking. A password that is typed is asked for twice.
};

// Logs in and gives the reply. A name that the server does not know is registered only as `terms`
// say so, or as a person at the terminal answers; else the login ends with NOT_FOUND, and the text
// names the flag. Passwords that are typed twice and differ are a usage error.
OutcomeOr<MessagePtr> LogIn(Program& program, const LoginTerms& terms,
                            const CommandDeadline& deadline);

// Logs in as --user says, if it does.
Outcome LoginFirst(Program& program, const CommandDeadline& deadline);

}  // namespace piperpc::cli
