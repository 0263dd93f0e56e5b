// Threads that the system may refuse. The runtime and the programs start theirs with it.
#pragma once

#include <string_view>
#include <thread>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"

namespace piperpc::internal {

// Starts a thread that runs `body`. RESOURCE_EXHAUSTED, with the system's reason, when there can be
// no more; `purpose` ("a worker thread") is for that text.
absl::StatusOr<std::thread> StartThread(std::string_view purpose, absl::AnyInvocable<void()> body);

}  // namespace piperpc::internal
