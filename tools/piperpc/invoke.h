// One call in the foreground, of any method type.
#pragma once

#include "tools/piperpc/failure.h"
#include "tools/piperpc/json.h"
#include "tools/piperpc/program.h"
#include "tools/piperpc/requests.h"
#include "tools/piperpc/schema.h"

namespace piperpc::cli {

// The style of a single reply: on several lines at a terminal and with --pretty.
JsonStyle ReplyStyle(const Settings& settings);

// Calls `method` with the requests of `plan` and prints the replies as they arrive. Returns how the
// call ended. An error of this program, such as a malformed line on standard input or an output
// that nobody reads, cancels the call.
Outcome Invoke(Program& program, const CallableMethod& method, RequestPlan plan,
               const CommandDeadline& deadline);

}  // namespace piperpc::cli
