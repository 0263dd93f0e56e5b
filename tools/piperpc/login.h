// Logs in for --user, and for the `login` of a session.
#pragma once

#include <string>

#include "tools/piperpc/failure.h"
#include "tools/piperpc/program.h"

namespace piperpc::cli {

struct LoginTerms {
  std::string user;
  std::string password_file;  // See FindPassword().
  bool may_register = false;  // Without asking. A password must then be typed twice.
};

// Logs in and returns the reply. An unknown name is registered only if `terms` allow it or a person
// at the terminal agrees; otherwise the login ends with NOT_FOUND, and the text names the flag. A
// usage error when the two typed passwords differ.
OutcomeOr<MessagePtr> LogIn(Program& program, const LoginTerms& terms,
                            const CommandDeadline& deadline);

// Logs in if --user was given.
Outcome LoginFirst(Program& program, const CommandDeadline& deadline);

}  // namespace piperpc::cli
