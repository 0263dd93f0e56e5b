// What a process has open: for tests that nothing of it is left behind.
#pragma once

#include <cstddef>

namespace piperpc::testing {

// How many descriptors the process has open. 0 where a number would say nothing.
std::size_t OpenDescriptors();

}  // namespace piperpc::testing
