// Questions to the person at the terminal, whatever standard input is.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "tools/piperpc/failure.h"

namespace piperpc::cli {

// Asks and does not show what is typed. CANCELLED when `stop` came first; an I/O error where there
// is no terminal.
OutcomeOr<std::string> AskPassword(std::string_view prompt, const std::stop_token& stop);

// The same, with an answer that is shown.
OutcomeOr<std::string> AskQuestion(std::string_view prompt, const std::stop_token& stop);

}  // namespace piperpc::cli
