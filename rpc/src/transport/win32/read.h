// Reading from a pipe on the calling thread.
#pragma once

#include <windows.h>

#include <cstddef>
#include <span>

#include "absl/status/status.h"
#include "src/base/clock.h"

namespace piperpc::transport {

// Reads one message, or the rest of one that was read in part. ERROR_SUCCESS, ERROR_MORE_DATA when
// `buffer` was too small, WAIT_TIMEOUT when nothing came until `deadline`, or another error.
DWORD ReadUntil(HANDLE pipe, std::span<char> buffer, base::TimePoint deadline, std::size_t& bytes);

// Why `bytes` that were read with that result are no packet; OK when they are one.
absl::Status CheckRead(HANDLE pipe, DWORD error, std::size_t bytes);

}  // namespace piperpc::transport
