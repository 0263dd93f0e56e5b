#include "src/base/fatal.h"

#include <cstdio>
#include <cstdlib>

namespace piperpc::base {

void EndProcess(std::string_view why) {
  std::fprintf(stderr, "piperpc: %.*s\n", static_cast<int>(why.size()), why.data());
  std::abort();
}

}  // namespace piperpc::base
