// Where nothing can be refused, and to go on would be undefined behaviour.
#pragma once

#include <string_view>

#include "src/base/export_to_testing.h"

namespace piperpc::base {

// Says why on standard error, and aborts.
[[noreturn]] PIPERPC_EXPORT_TO_TESTING void EndProcess(std::string_view why);

}  // namespace piperpc::base
