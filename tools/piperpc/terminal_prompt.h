// Asks the person at the terminal, even when standard input is something else.
#pragma once

#include <string>
#include <string_view>

#include "tools/piperpc/command_deadline.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// Asks without showing what is typed. Errors: that of Ctrl-C or of --timeout; an I/O error when
// there is no terminal.
OutcomeOr<std::string> AskPassword(std::string_view prompt, const CommandDeadline& deadline);

// The same, but the answer is shown.
OutcomeOr<std::string> AskQuestion(std::string_view prompt, const CommandDeadline& deadline);

}  // namespace piperpc::cli
