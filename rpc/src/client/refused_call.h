// Calls that a channel does not even begin, because it belongs to another process, or because there
// is no memory for the request. They use nothing of the channel.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "piperpc/channel.h"
#include "piperpc/internal/client_call.h"
#include "piperpc/internal/unary_done.h"
#include "src/client/finished_writes.h"

namespace piperpc::client {

// CallOptions::attempts has 1 then. Runs `done` with `why` in place. What it throws is dropped: the
// channel's log is not to be had.
std::shared_ptr<internal::CallControl> RefuseUnary(const CallOptions& options,
                                                   internal::UnaryDone&& done, absl::Status why);

// The same for a message.
void RefuseWrite(FinishedWrites::Write write, absl::Status why);

// A stream that has ended with `why`.
std::shared_ptr<internal::ClientStream> RefuseStream(const CallOptions& options, absl::Status why);

}  // namespace piperpc::client
