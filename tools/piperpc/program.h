// What every command has at hand.
#pragma once

#include <string>
#include <vector>

#include "tools/piperpc/command_deadline.h"
#include "tools/piperpc/connection.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/interrupts.h"
#include "tools/piperpc/line_reader.h"
#include "tools/piperpc/output.h"
#include "tools/piperpc/settings.h"

namespace piperpc::cli {

struct Program {
  const Settings& settings;
  const Environment& environment;
  Interrupts& interrupts;
  LineReader& input;
  Output& output;
  Connection& connection;
  bool in_session = false;  // The command is a line of a session.

  // For one command, or one line of a session, from now on.
  CommandDeadline NewDeadline() { return CommandDeadline(settings.timeout, interrupts.Arm()); }
};

using Words = std::vector<std::string>;

// A line, or several, on standard error: "piperpc: " and the text, made safe for a terminal.
void Complain(std::string_view text);

// Complains of a status that is not OK; Ctrl-C is why it is not, when `deadline` was cut short by
// it. Gives the exit code.
int Report(const Outcome& status, const CommandDeadline& deadline);

}  // namespace piperpc::cli
