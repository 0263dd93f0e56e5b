// The commands, one file for each.
#pragma once

#include <span>
#include <string>

#include "tools/piperpc/failure.h"
#include "tools/piperpc/patience.h"
#include "tools/piperpc/program.h"
#include "tools/piperpc/usage.h"

namespace piperpc::cli {

// The words of each fit its Usage: see CheckWords().

// list: the names of the server's services, one on a line.
Outcome List(Program& program, const Words& words, const Patience& patience);

// describe [SYMBOL]: the definition of a symbol, or of every service.
Outcome Describe(Program& program, const Words& words, const Patience& patience);

// call SERVICE/METHOD [REQUEST…].
Outcome Call(Program& program, const Words& words, const Patience& patience);

// wait [SERVICE]: until the server says that it, or the service, serves. Waits as long as
// `patience` allows, else 30 s. NOT_FOUND at once: a server is there, and does not have the
// service.
Outcome Wait(Program& program, const Words& words, const Patience& patience);

// session: lines from standard input, on one connection; each may take as long as --timeout says.
// Gives the exit code: that of the first line that failed.
int RunSession(Program& program, const Words& words, const Patience& patience);

struct Command {
  Usage usage;
  int (*run)(Program& program, const Words& words, const Patience& patience);
};

// All that need a server.
std::span<const Command> Commands();

// What `piperpc help` and `piperpc --version` print.
std::string HelpText();
std::string VersionText();

}  // namespace piperpc::cli
