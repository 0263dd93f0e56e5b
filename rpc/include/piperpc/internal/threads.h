// Threads that the system may refuse. The runtime and the programs start theirs with it.
#pragma once

#include <string_view>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "piperpc/export.h"

namespace piperpc::internal {

// Starts a thread that runs `body`. RESOURCE_EXHAUSTED, with the system's reason, when there can be
// no more; `purpose` ("a worker thread") is for that text.
PIPERPC_EXPORT absl::StatusOr<std::thread> StartThread(std::string_view purpose,
                                                       absl::AnyInvocable<void()> body);

// Waits for a thread that has come to its end, so that nothing of it runs beside the end of the
// program; one that may be stuck for ever is left behind. Nothing for none.
PIPERPC_EXPORT void JoinOrLeave(std::thread thread, bool has_ended);

}  // namespace piperpc::internal
