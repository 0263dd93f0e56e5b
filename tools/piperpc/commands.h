// The commands, one file for each.
#pragma once

#include <span>
#include <string>

#include "tools/piperpc/command_deadline.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/program.h"
#include "tools/piperpc/usage.h"

namespace piperpc::cli {

// The words of each fit its Usage: see CheckWords().

// list: the names of the server's services, one on a line.
Outcome List(Program& program, const Words& words, const CommandDeadline& deadline);

// describe [SYMBOL]: the definition of a symbol, or of every service.
Outcome Describe(Program& program, const Words& words, const CommandDeadline& deadline);

// call SERVICE/METHOD [REQUEST…].
Outcome Call(Program& program, const Words& words, const CommandDeadline& deadline);

// wait [SERVICE]: until the server says that it, or the service, serves. Waits as long as
// `deadline` allows, else 30 s. NOT_FOUND at once: a server is there, and does not have the
// service.
Outcome Wait(Program& program, const Words& words, const CommandDeadline& deadline);

// session: lines from standard input, on one connection; each may take as long as --timeout says.
// Gives the exit code: that of the first line that failed.
int RunSession(Program& program, const Words& words, const CommandDeadline& deadline);

struct Command {
  Usage usage;
  int (*run)(Program& program, const Words& words, const CommandDeadline& deadline);
};

// All that need a server.
std::span<const Command> Commands();

// Those that need none.
inline constexpr Usage kHelp = {"help", "[COMMAND]", "show this, or the help of one command", 0, 1};
inline constexpr Usage kVersion = {"version", "", "show the version"};

// What `piperpc help`, `piperpc help COMMAND` and `piperpc --version` print.
std::string HelpText();
std::string HelpText(const Command& command);
std::string VersionText();

}  // namespace piperpc::cli
