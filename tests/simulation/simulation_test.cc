// Some hundred seeds hold all invariants, the same seed does the same, and what is wrong is found.
#include "simulation/simulation.h"

#include <cstdint>

#include "gtest/gtest.h"

namespace piperpc::simulation {
namespace {

TEST(Simulation, HoldsItsInvariants) {
  for (std::uint64_t seed = 1; seed <= 300; ++seed) RunSimulation({.seed = seed});
}

TEST(Simulation, OfOneSeedIsAlwaysTheSame) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    EXPECT_EQ(RunSimulation({.seed = seed}).hash, RunSimulation({.seed = seed}).hash) << seed;
    EXPECT_NE(RunSimulation({.seed = seed}).hash, RunSimulation({.seed = seed + 1}).hash) << seed;
  }
}

// A transport with a bug, in some seeds.
void RunWith(Bug bug) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) RunSimulation({.seed = seed, .bug = bug});
}

using SimulationDeathTest = ::testing::TestWithParam<Bug>;

TEST_P(SimulationDeathTest, FindsWhatIsWrong) {
  EXPECT_EXIT(RunWith(GetParam()), ::testing::ExitedWithCode(1),
              "replay: build/release/tests/simulation/simulation --seed ");
}

INSTANTIATE_TEST_SUITE_P(Transport, SimulationDeathTest,
                         ::testing::Values(Bug::kTwice, Bug::kSwapped, Bug::kDropped, Bug::kCut));

}  // namespace
}  // namespace piperpc::simulation
