#include "src/transport/linux/descriptors.h"

#include <dirent.h>
#include <sys/resource.h>

#include <limits>
#include <memory>

namespace piperpc::transport {
namespace {

// What this process has open, and the descriptor that counts them. Without /proc, it is as if
// none were open. (std::filesystem would make every small program larger.)
std::size_t OpenDescriptors() {
  struct Close {
    void operator()(DIR* folder) const { closedir(folder); }
  };
  const std::unique_ptr<DIR, Close> folder(opendir("/proc/self/fd"));
  std::size_t count = 0;
  while (folder != nullptr) {
    // No other thread has this stream.
    const dirent* const entry = readdir(folder.get());  // NOLINT(concurrency-mt-unsafe)
    if (entry == nullptr) break;
    if (entry->d_name[0] != '.') ++count;
  }
  return count;
}

}  // namespace

std::size_t FreeDescriptors() {
  constexpr std::size_t kUnlimited = std::numeric_limits<std::size_t>::max();
  rlimit limit = {};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return kUnlimited;
  const std::size_t used = OpenDescriptors();
  return limit.rlim_cur > used ? limit.rlim_cur - used : 0;
}

}  // namespace piperpc::transport
