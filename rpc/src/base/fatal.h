// Where nothing can be refused, and to go on would be undefined behaviour.
#pragma once

#include <string_view>

namespace piperpc::base {

// Says why on standard error, and aborts.
[[noreturn]] void EndProcess(std::string_view why);

}  // namespace piperpc::base
