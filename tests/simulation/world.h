// What all parts of a run share.
#pragma once

#include "simulation/faults.h"
#include "simulation/random.h"
#include "simulation/run_options.h"
#include "simulation/scheduler.h"
#include "simulation/trace.h"
#include "support/stepped_loop.h"

namespace piperpc::simulation {

struct World {
  explicit World(const RunOptions& options)
      : random(options.seed),
        faults(Faults::Draw(random)),
        bug(options.bug),
        trace(options, clock) {}

  testing::ManualClock clock;
  Random random;
  Faults faults;
  const Bug bug;
  Trace trace;
  Scheduler scheduler{clock, random, trace};
};

}  // namespace piperpc::simulation
