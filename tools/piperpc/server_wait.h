// Waiting for a server that is not there yet, or is just being restarted.
#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "tools/piperpc/command_deadline.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

class Connection;

// Makes `attempt`, which nothing is lost by repeating, again and again, with pauses, while it ends
// with UNAVAILABLE: so does what meets a server that is ending, or one that has only begun to
// start. `deadline` has a limit; DEADLINE_EXCEEDED when that is over, with what the last one said.
Outcome RepeatUntilThere(const CommandDeadline& deadline, absl::FunctionRef<Outcome()> attempt);

// Until a server says that `service` serves, or the server as a whole where that is empty. It is
// UTF-8. Goes on through restarts, as above. NOT_FOUND at once: a server is there and does not have
// the service; the text names those that it has. UNIMPLEMENTED: a server is there, without health.
Outcome AwaitServing(Connection& connection, const std::string& service,
                     const CommandDeadline& deadline);

}  // namespace piperpc::cli
