// One run: some clients, one server, and what the seed says of both.
#pragma once

#include <cstddef>
#include <cstdint>

#include "simulation/run_options.h"

namespace piperpc::simulation {

struct Outcome {
  std::uint64_t hash = 0;  // Of all that happened.
  std::uint64_t events = 0;
  std::size_t calls = 0;
  std::size_t good_calls = 0;  // Those that ended with OK.
};

// A violation of an invariant ends the process; see Trace::Violate().
Outcome RunSimulation(const RunOptions& options);

}  // namespace piperpc::simulation
