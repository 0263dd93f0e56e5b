#include "src/base/page_offset_buffer.h"

#include <cstdint>
#include <cstring>

#include "src/base/large_pages.h"

namespace piperpc::base {
namespace {

constexpr std::uintptr_t kPage = 4096;
constexpr std::uintptr_t kPageOffset = kPage / 4;
constexpr std::size_t kLeastPlaced = 16 * 1024;
constexpr std::size_t kLeastInLargePages = 4 * 1024 * 1024;

}  // namespace

void PageOffsetDelete::operator()(char* bytes) const {
  char* block = bytes;
  if (placed_) std::memcpy(&block, bytes - sizeof(block), sizeof(block));
  delete[] block;
}

// The block that the bytes lie in is noted right before them. An aligned allocation would not do:
// glibc serves it so that large blocks come from the system anew each time.
PageOffsetBuffer NewPageOffsetBuffer(std::size_t size, BufferUse use) {
  PageOffsetDelete deleter;
  if (size < kLeastPlaced) return PageOffsetBuffer(new char[size], deleter);
  deleter.placed_ = true;
  const std::size_t block_size = sizeof(char*) + kPage + size;
  char* const block = new char[block_size];
  if (use == BufferUse::kWhole && size >= kLeastInLargePages) PreferLargePages(block, block_size);
  char* bytes = block + sizeof(block);
  bytes += (kPageOffset - reinterpret_cast<std::uintptr_t>(bytes)) % kPage;
  std::memcpy(bytes - sizeof(block), &block, sizeof(block));
  return PageOffsetBuffer(bytes, deleter);
}

}  // namespace piperpc::base
