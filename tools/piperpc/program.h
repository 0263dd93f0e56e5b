// What every command uses.
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
  bool in_session = false;  // True: the command is a line of a session.

  // The deadline of one command, or of one line of a session, that begins now.
  CommandDeadline NewDeadline() { return CommandDeadline(settings.timeout, interrupts.Arm()); }
};

using Words = std::vector<std::string>;

// Prints "piperpc: " and `text` to standard error, made safe for a terminal.
void Complain(std::string_view text);

// Prints an outcome that is not OK, or that Ctrl-C was the reason if it stopped `deadline`. Returns
// the exit code.
int Report(const Outcome& status, const CommandDeadline& deadline);

}  // namespace piperpc::cli
