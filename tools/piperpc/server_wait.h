// Waiting for a server that is not there yet, or is just being restarted.
#pragma once

#include "absl/functional/function_ref.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/patience.h"

namespace piperpc::cli {

// Makes `attempt`, which nothing is lost by repeating, again and again, with pauses, while it ends
// with UNAVAILABLE: so does what meets a server that is ending, or one that has only begun to
// start. `patience` has a limit; DEADLINE_EXCEEDED when that is over, with what the last one said.
Outcome RepeatUntilThere(const Patience& patience, absl::FunctionRef<Outcome()> attempt);

}  // namespace piperpc::cli
