// What the log says of a shutdown.
#pragma once

#include "piperpc/server.h"
#include "tools/piperpcd/log_writer.h"

namespace piperpc::daemon {

// A line for each call, loop, thread and client that did not end in time, and one that counts them.
void LogReport(LogWriter& log, const ShutdownReport& report);

}  // namespace piperpc::daemon
