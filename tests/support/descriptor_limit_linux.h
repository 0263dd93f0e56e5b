// A process that may open few descriptors, or none.
#pragma once

#include <sys/resource.h>

namespace piperpc::testing {

// The soft limit of descriptors, as long as this lives. Those above it that are open stay so.
class DescriptorLimit {
 public:
  explicit DescriptorLimit(rlim_t limit) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit low = {.rlim_cur = limit, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &low);
  }
  ~DescriptorLimit() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  DescriptorLimit(const DescriptorLimit&) = delete;
  DescriptorLimit& operator=(const DescriptorLimit&) = delete;

 private:
  rlimit before_ = {};
};

// All descriptors that are free now are out of reach.
class NoDescriptors : public DescriptorLimit {
 public:
  NoDescriptors() : DescriptorLimit(0) {}
};

}  // namespace piperpc::testing
