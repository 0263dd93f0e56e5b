// How much of a busy machine a thread gets.
#pragma once

namespace services {

// Lets other threads go before the calling one, from now on. Where the system refuses that, nothing
// changes. Linux: a nice value of at least 10, setpriority(2), which there is the thread's alone.
// Windows: THREAD_PRIORITY_BELOW_NORMAL, SetThreadPriority().
void GiveWayToOthers();

}  // namespace services
