#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "src/base/page_offset_buffer.h"

namespace piperpc {
namespace {

// The kernel's flags of the mapping that `address` lies in, as smaps has them (proc(5)).
std::string FlagsOf(const char* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/smaps");
  bool found = false;
  for (std::string line; std::getline(maps, line);) {
    char* rest = nullptr;
    const std::uintptr_t begin = std::strtoull(line.c_str(), &rest, 16);
    if (*rest == '-') {
      const std::uintptr_t end = std::strtoull(rest + 1, nullptr, 16);
      found = begin <= wanted && wanted < end;
    } else if (found && line.starts_with("VmFlags:")) {
      return line + ' ';
    }
  }
  return {};
}

TEST(PageOffsetBuffer, OfManyMegabytesAskForLargePagesUnlessMuchIsNotUsed) {
  if (!std::filesystem::exists("/sys/kernel/mm/transparent_hugepage/enabled")) {
    GTEST_SKIP() << "this kernel has no transparent huge pages";
  }
  constexpr std::size_t kSize = std::size_t{64} << 20;
  const base::PageOffsetBuffer bytes = base::NewPageOffsetBuffer(kSize);
  EXPECT_NE(FlagsOf(bytes.get() + kSize / 2).find(" hg "), std::string::npos);
  const base::PageOffsetBuffer parts = base::NewPageOffsetBuffer(kSize, base::BufferUse::kParts);
  EXPECT_EQ(FlagsOf(parts.get() + kSize / 2).find(" hg "), std::string::npos);
}

}  // namespace
}  // namespace piperpc
