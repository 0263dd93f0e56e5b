// Key-value pairs that travel beside a call.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace piperpc {

// In the order given; a key may come several times. A key is 1 to 64 of a-z, 0-9, '-', '_' and '.';
// a value is any bytes. All of it together: 8 KiB by default, 16 KiB at the most.
using Metadata = std::vector<std::pair<std::string, std::string>>;

}  // namespace piperpc
