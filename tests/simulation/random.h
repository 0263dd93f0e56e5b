// All that a run leaves to chance, from its seed: the same on every system.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <random>

#include "src/base/clock.h"

namespace piperpc::simulation {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  std::uint64_t Below(std::uint64_t limit) { return engine_() % limit; }
  std::uint64_t Between(std::uint64_t least, std::uint64_t most) {
    return least + Below(most - least + 1);
  }
  bool Chance(std::uint64_t per_mille) { return Below(1000) < per_mille; }

  template <typename T>
  T OneOf(std::initializer_list<T> values) {
    return values.begin()[Below(values.size())];
  }

  // At most `longest`.
  base::Duration Delay(std::chrono::microseconds longest) {
    return std::chrono::microseconds(Below(static_cast<std::uint64_t>(longest.count()) + 1));
  }

 private:
  std::mt19937_64 engine_;  // Its numbers are those of the standard; its distributions are not.
};

}  // namespace piperpc::simulation
