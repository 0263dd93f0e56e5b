// Questions to the person at the terminal, whatever standard input is.
#pragma once

#include <string>
#include <string_view>

#include "tools/piperpc/command_deadline.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// Asks and does not show what is typed. The error of Ctrl-C, or of --timeout, when that came first;
// an I/O error where there is no terminal.
OutcomeOr<std::string> AskPassword(std::string_view prompt, const CommandDeadline& deadline);

// The same, with an answer that is shown.
OutcomeOr<std::string> AskQuestion(std::string_view prompt, const CommandDeadline& deadline);

}  // namespace piperpc::cli
