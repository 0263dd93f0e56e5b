#include "tools/piperpcd/descriptors.h"

namespace piperpc::daemon {

// Handles have no limit but memory.
void AllowManyDescriptors() {}

}  // namespace piperpc::daemon
