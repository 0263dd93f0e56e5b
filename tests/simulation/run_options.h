// What a run is asked for.
#pragma once

#include <cstdint>
#include <string_view>

namespace piperpc::simulation {

// What a transport could do wrong, to see that it is found.
enum class Bug { kNone, kTwice, kSwapped, kDropped, kCut };

// As the command line has them.
constexpr std::string_view kBugNames[] = {"", "twice", "swapped", "dropped", "cut"};

struct RunOptions {
  std::uint64_t seed = 0;
  bool print = false;  // Each event, as it happens.
  Bug bug = Bug::kNone;
};

}  // namespace piperpc::simulation
