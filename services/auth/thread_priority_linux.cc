#include <sys/resource.h>

#include "services/auth/thread_priority.h"

namespace services {
namespace {

constexpr id_t kThisThread = 0;
constexpr int kNice = 10;

}  // namespace

void GiveWayToOthers() {
  if (getpriority(PRIO_PROCESS, kThisThread) < kNice) {
    setpriority(PRIO_PROCESS, kThisThread, kNice);
  }
}

}  // namespace services
