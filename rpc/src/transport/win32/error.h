// The system's error codes, and what they mean to the caller of a pipe.
#pragma once

#include <windows.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace piperpc::transport {

// "Pipe broken (109)"; the system's own words.
std::string ErrorText(DWORD error);

// The status for a failed `call` on a pipe.
absl::Status PipeError(DWORD error, std::string_view call);

}  // namespace piperpc::transport
