// What this program can add to what a call ended with.
#pragma once

#include "tools/piperpc/command_deadline.h"
#include "tools/piperpc/connection.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/schema.h"

namespace piperpc::cli {

// Where the advice is to be followed.
enum class AdviceFor { kCommandLine, kSession };

// `ended`, the end of a call of `method`, with its details as JSON where the server's reflection
// knows their types, and with advice where a flag, or a line of a session, may help. What has to be
// asked of the server for that takes no more than what `deadline` leaves, and a few seconds at the
// most; what it does not answer is left out.
Outcome Explain(Connection& connection, const CallableMethod& method, const Outcome& ended,
                AdviceFor where, const CommandDeadline& deadline);

}  // namespace piperpc::cli
