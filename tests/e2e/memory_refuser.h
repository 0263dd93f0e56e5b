// A system that refuses memory: replaces operator new of the program that it is linked to.
#pragma once

#include <cstddef>

namespace piperpc::testing {

// From now on allocations of `least` to `most` bytes are refused on the threads that asked for it,
// but for the first `skipped` of them. `most` zero: none are. Any thread.
void RefuseMemory(std::size_t least, std::size_t most, int skipped = 0);

void RefuseMemoryOfThisThread(bool refuse);

// How many were refused since RefuseMemory().
int RefusalsOfMemory();

}  // namespace piperpc::testing
