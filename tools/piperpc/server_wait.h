// Waits for a server that is not running yet, or is being restarted.
#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "tools/piperpc/command_deadline.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

class Connection;

// Repeats `attempt`, with pauses, while it returns UNAVAILABLE, as calls do while a server ends or
// starts. `attempt` must be safe to repeat, and `deadline` must have a limit. DEADLINE_EXCEEDED
// when that has passed; the text has the error of the last attempt.
Outcome RepeatUntilThere(const CommandDeadline& deadline, absl::FunctionRef<Outcome()> attempt);

// Waits until the server reports that `service`, or, when that is empty, the server as a whole, is
// serving, also while it is restarted. `service` is UTF-8. NOT_FOUND at once: the server does not
// have the service; the text lists those that it has. UNIMPLEMENTED: the server has no health
// service.
Outcome AwaitServing(Connection& connection, const std::string& service,
                     const CommandDeadline& deadline);

}  // namespace piperpc::cli
