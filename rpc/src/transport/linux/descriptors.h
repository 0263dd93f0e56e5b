// How many descriptors the process may still open.
#pragma once

#include <cstddef>

namespace piperpc::transport {

// By the soft limit, RLIMIT_NOFILE of getrlimit(2). The largest number: there is no limit.
std::size_t FreeDescriptors();

}  // namespace piperpc::transport
