#include "src/transport/linux/socket_loop.h"

#include <sched.h>

namespace piperpc::transport {

// On a single processor nobody else is at work. Asked of the kernel, as it is for this thread:
// std::thread::hardware_concurrency() counts those of the machine.
bool SocketLoop::looks_may_pay() const {
  cpu_set_t processors;
  if (::sched_getaffinity(0, sizeof(processors), &processors) != 0) return true;  // Very many.
  return CPU_COUNT(&processors) > 1;
}

}  // namespace piperpc::transport
