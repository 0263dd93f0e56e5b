#include "src/transport/linux/descriptors.h"

#include <sys/resource.h>

#include <filesystem>
#include <iterator>
#include <limits>
#include <system_error>

namespace piperpc::transport {

std::size_t FreeDescriptors() {
  constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kUnlimited;
  std::error_code unreadable;  // Without /proc, it is as if none were open.
  const std::filesystem::directory_iterator open("/proc/self/fd", unreadable);
  const std::size_t used = unreadable ? 0 : std::distance(begin(open), end(open));
  return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

}  // namespace piperpc::transport
