#include <pthread.h>

#include "src/base/process.h"

namespace piperpc::base {

constinit std::atomic<std::uint32_t> process_state::generation = 1;
constinit std::atomic<bool> process_state::has_forked = false;

namespace {

void BeforeFork() { process_state::has_forked.store(true, std::memory_order_relaxed); }

void InChild() { process_state::generation.fetch_add(1, std::memory_order_relaxed); }

// Before main(), so that nobody who looks at the generation needs to see to it. It can fail only
// for want of memory.
[[maybe_unused]] const int registered = ::pthread_atfork(&BeforeFork, nullptr, &InChild);

}  // namespace
}  // namespace piperpc::base
