// Messages that say which one they are, so that one that comes twice, out of order, or damaged is
// seen.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace piperpc::simulation {

enum class Direction : char { kRequest = 'q', kReply = 'p' };

// The message `index` of that call, with `bytes` beside its name.
std::string MakeMessage(std::size_t call, Direction direction, std::size_t index,
                        std::size_t bytes);

// Whose call it is, by its name alone.
std::size_t CallOf(std::string_view message);

}  // namespace piperpc::simulation
