#include <sys/mman.h>

#include <cstdint>

#include "src/base/large_pages.h"

namespace piperpc::base {

// MADV_HUGEPAGE of madvise(2): where transparent huge pages are given to those who ask, this asks.
void PreferLargePages(char* memory, std::size_t size) {
  constexpr std::uintptr_t kPage = 4096;
  const std::uintptr_t skip = -reinterpret_cast<std::uintptr_t>(memory) % kPage;
  if (size > skip) ::madvise(memory + skip, (size - skip) / kPage * kPage, MADV_HUGEPAGE);
}

}  // namespace piperpc::base
