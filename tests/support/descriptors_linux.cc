#include <filesystem>
#include <iterator>

#include "support/descriptors.h"

namespace piperpc::testing {

std::size_t OpenDescriptors() {
  const std::filesystem::directory_iterator open("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(open), end(open)));
}

}  // namespace piperpc::testing
