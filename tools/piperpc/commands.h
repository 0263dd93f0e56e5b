// The commands; each is in a file of its own.
#pragma once

#include <span>
#include <string>

#include "tools/piperpc/command_deadline.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/program.h"
#include "tools/piperpc/usage.h"

namespace piperpc::cli {

// Before a command runs, CheckWords() has checked its words against its Usage. Without comments on

// list: prints the names of the server's services, one per line.
Outcome List(Program& program, const Words& words, const CommandDeadline& deadline);

// describe [SYMBOL]: prints the definition of a symbol, or of all services.
Outcome Describe(Program& program, const Words& words, const CommandDeadline& deadline);

// call SERVICE/METHOD [REQUEST…].
Outcome Call(Program& program, const Words& words, const CommandDeadline& deadline);

// wait [SERVICE]: waits until the server reports that it, or the service, is serving: until
// `deadline`, or for 30 s when that has no limit. NOT_FOUND at once when the server does not have
// the service.
Outcome Wait(Program& program, const Words& words, const CommandDeadline& deadline);

// status: prints who is connected to the server, and what it has done.
Outcome Status(Program& program, const Words& words, const CommandDeadline& deadline);

// session: runs the lines of standard input on one connection; --timeout limits each line. Returns
// the exit code of the first line that failed.
int RunSession(Program& program, const Words& words, const CommandDeadline& deadline);

// The commands that a session takes, a line of help for each.
std::string SessionHelp();

struct Command {
  Usage usage;
  int (*run)(Program& program, const Words& words, const CommandDeadline& deadline);
  std::string (*more_help)() = nullptr;  // Goes below the usage.
};

// The commands that need a server.
std::span<const Command> Commands();

// The commands that do not.
inline constexpr Usage kHelp = {"help", "[COMMAND]", "show this, or the help of one command", 0, 1};
inline constexpr Usage kVersion = {"version", "", "show the version"};

// The output of `piperpc help`, `piperpc help COMMAND` and `piperpc --version`.
std::string HelpText();
std::string HelpText(const Command& command);
std::string VersionText();

}  // namespace piperpc::cli
