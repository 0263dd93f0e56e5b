// How many connections the system lets this process hold.
#pragma once

namespace piperpc::daemon {

// Raises the process's limit of open descriptors to what it may be raised to; each connection takes
// one. Where that fails, the limit stays, and the server pauses accepting when it is reached.
void AllowManyDescriptors();

}  // namespace piperpc::daemon
