// Explains how a call ended: details as JSON, and advice.
#pragma once

#include "tools/piperpc/command_deadline.h"
#include "tools/piperpc/connection.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/schema.h"

namespace piperpc::cli {

// Where the user can follow the advice.
enum class AdviceFor { kCommandLine, kSession };

// Returns `ended`, the end of a call of `method`, with its details as JSON where the server's
// reflection knows their types, and with advice where a flag, or a command of a session, may help.
// The server is asked for that until `deadline`, and for a few seconds at most; what it does not
// answer is left out.
Outcome Explain(Connection& connection, const CallableMethod& method, const Outcome& ended,
                AdviceFor where, const CommandDeadline& deadline);

}  // namespace piperpc::cli
