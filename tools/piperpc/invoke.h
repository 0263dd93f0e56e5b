// One call in the foreground, of any method type.
#pragma once

#include "tools/piperpc/failure.h"
#include "tools/piperpc/json.h"
#include "tools/piperpc/program.h"
#include "tools/piperpc/requests.h"
#include "tools/piperpc/schema.h"

namespace piperpc::cli {

// How a single reply is printed: for people when they read it, or when they ask for that.
JsonStyle ReplyStyle(const Settings& settings);

// Calls `method` with what `plan` says and prints the replies as they come. Returns how the call
// ended. An error of this side, such as a malformed line on standard input or an output that
// nobody reads, cancels the call.
Outcome Invoke(Program& program, const CallableMethod& method, RequestPlan plan,
               const CommandDeadline& deadline);

}  // namespace piperpc::cli
