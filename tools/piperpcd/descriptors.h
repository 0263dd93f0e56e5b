// The limit of open descriptors, which limits the number of connections.
#pragma once

namespace piperpc::daemon {

// Raises the process's limit of open descriptors as far as the system allows; each connection needs
// one. When that fails, the limit stays as it is, and the server pauses accepting when it is
// reached.
void AllowManyDescriptors();

}  // namespace piperpc::daemon
