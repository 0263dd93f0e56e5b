// Which characters a terminal may be shown.
#pragma once

#include <cstdint>

namespace piperpc::tools {

// True for a character that may steer a terminal, or make text look like what it is not: controls
// (C0, DEL, C1), line separators, and the marks that reverse or hide text.
bool IsTreacherous(std::uint32_t code);

}  // namespace piperpc::tools
