#include "src/base/process.h"

namespace piperpc {

// Nothing copies a process here.
constinit std::atomic<std::uint32_t> internal::process_generation = 1;
constinit std::atomic<bool> internal::has_forked = false;

}  // namespace piperpc
