// Whether this process may use io_uring.
#pragma once

#include "absl/status/status.h"

namespace piperpc::transport {

// Tries each operation that a UringLoop needs, once: what makes a ring may be allowed where its use
// is not. FAILED_PRECONDITION: the system refuses it, or its kernel is too old.
// RESOURCE_EXHAUSTED: no descriptor, or memory, is left at the moment, which says nothing of later.
absl::Status TryUring();

}  // namespace piperpc::transport
