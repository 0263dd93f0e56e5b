#include <windows.h>

#include "services/auth/thread_priority.h"

namespace services {

void GiveWayToOthers() { SetThreadPriority(GetCurrentThread(), THREAD_PRIORITY_BELOW_NORMAL); }

}  // namespace services
