#include "floods/floods.h"

namespace piperpc::floods {

// None: Windows has no signal that stops a process.
Floods SystemFloods() { return {}; }

}  // namespace piperpc::floods
