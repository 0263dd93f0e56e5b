// How often tests of chance try, and what their random numbers begin with.
//
// PIPERPC_TEST_LONG=1 asks for the long form, as `tests/run --long` does; PIPERPC_TEST_SEED=N
// repeats a run; what is no number ends the program.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string_view>

#include "absl/strings/numbers.h"

namespace piperpc::testing {

// How often to try: `brief` for each change, `extended` when a person asks for it.
inline int Times(int brief, int extended) {
  const char* const asked = std::getenv("PIPERPC_TEST_LONG");
  return asked != nullptr && std::string_view(asked) == "1" ? extended : brief;
}

// Random numbers. Their seed is in the output, which ctest shows of a test that failed.
inline std::mt19937 RandomNumbers() {
  const char* const asked = std::getenv("PIPERPC_TEST_SEED");
  std::uint32_t seed = std::random_device()();
  if (asked != nullptr && !absl::SimpleAtoi(asked, &seed)) {
    std::cerr << "PIPERPC_TEST_SEED=" << asked << " is no number of 32 bits" << std::endl;
    std::exit(64);
  }
  std::cout << "repeat this run with PIPERPC_TEST_SEED=" << seed << std::endl;
  return std::mt19937(seed);
}

}  // namespace piperpc::testing
