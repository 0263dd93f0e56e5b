#include "src/base/large_pages.h"

namespace piperpc::base {

// Windows gives large pages only to those who hold SeLockMemoryPrivilege, and locks them in memory
// (https://learn.microsoft.com/en-us/windows/win32/memory/large-page-support): not for buffers.
void PreferLargePages(char*, std::size_t) {}

}  // namespace piperpc::base
