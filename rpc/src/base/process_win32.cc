#include "src/base/process.h"

namespace piperpc::base {

// Nothing copies a process here.
constinit std::atomic<std::uint32_t> process_state::generation = 1;
constinit std::atomic<bool> process_state::has_forked = false;

}  // namespace piperpc::base
