#include "src/base/page_offset_buffer.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <utility>

namespace piperpc {
namespace {

constexpr std::uintptr_t kPage = 4096;

std::uintptr_t PlaceInPage(const char* bytes) {
  return reinterpret_cast<std::uintptr_t>(bytes) % kPage;
}

TEST(PageOffsetBuffer, LargeOnesBeginWellInsideOfAPage) {
  for (const std::size_t size :
       {std::size_t{16} << 10, std::size_t{256} << 10, std::size_t{5} << 20}) {
    const base::PageOffsetBuffer bytes = base::NewPageOffsetBuffer(size);
    EXPECT_GE(PlaceInPage(bytes.get()), kPage / 8) << size;
    EXPECT_LE(PlaceInPage(bytes.get()), kPage - kPage / 8) << size;
  }
}

TEST(PageOffsetBuffer, HoldAsManyBytesAsAskedFor) {
  for (const std::size_t size : {std::size_t{1}, std::size_t{4096}, std::size_t{100'000}}) {
    base::PageOffsetBuffer bytes = base::NewPageOffsetBuffer(size);
    std::memset(bytes.get(), 'x', size);  // A sanitizer would see what is too much.
    const base::PageOffsetBuffer moved = std::move(bytes);
    EXPECT_EQ(moved[size - 1], 'x');
  }
}

}  // namespace
}  // namespace piperpc
