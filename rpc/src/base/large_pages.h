// Fewer page faults for large blocks of memory.
#pragma once

#include <cstddef>

namespace piperpc::base {

// Asks the system to back the memory with large pages where it can: a block of 64 MiB that is used
// for the first time costs a page fault for each 4 KiB else. Only worth it for many megabytes.
// Nothing happens where the system does not have them to give.
void PreferLargePages(char* memory, std::size_t size);

}  // namespace piperpc::base
