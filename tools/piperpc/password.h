// Finds the password of a user.
#pragma once

#include <string>

#include "tools/piperpc/command_deadline.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/settings.h"

namespace piperpc::cli {

struct Password {
  std::string text;
  bool typed = false;  // At the terminal, where it was not shown.
};

// The password of `user`: the first line of `file` if that is not empty, else PIPERPC_PASSWORD,
// else what is typed at the terminal. Never from the command line, which all users of the machine
// can see.
OutcomeOr<Password> FindPassword(const std::string& user, const std::string& file,
                                 const Environment& environment, const CommandDeadline& deadline);

}  // namespace piperpc::cli
