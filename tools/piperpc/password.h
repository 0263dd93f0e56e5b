#pragma once

#include <string>

#include "tools/piperpc/command_deadline.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/settings.h"

namespace piperpc::cli {

struct Password {
  std::string text;
  bool typed = false;  // By somebody at the terminal, who could not see it.
};

// The password of `user`: the first line of `file` if one is given, else PIPERPC_PASSWORD, else
// what is typed at the terminal. Never from the command line, which everybody on the machine sees.
OutcomeOr<Password> FindPassword(const std::string& user, const std::string& file,
                                 const Environment& environment, const CommandDeadline& deadline);

}  // namespace piperpc::cli
