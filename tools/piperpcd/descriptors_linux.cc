#include <sys/resource.h>

#include "tools/piperpcd/descriptors.h"

namespace piperpc::daemon {

// The soft limit is low (1,024) for the sake of programs that use select(2); this is none.
void AllowManyDescriptors() {
  rlimit limit = {};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace piperpc::daemon
