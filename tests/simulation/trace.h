// What happened in a run, in order: packets, calls and their ends. Equal traces have equal hashes.
#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "simulation/hash.h"
#include "simulation/run_options.h"
#include "support/stepped_loop.h"

namespace piperpc::simulation {

class Trace {
 public:
  // The clock outlives it.
  Trace(const RunOptions& options, const testing::ManualClock& clock)
      : options_(options), clock_(clock) {}

  void Add(std::string event);

  // An invariant does not hold: tells of it, of the last events, and how to run this again; ends
  // the process.
  [[noreturn]] void Violate(const std::string& what) const;
  void Require(bool holds, const char* invariant) const {
    if (!holds) Violate(invariant);
  }

  std::uint64_t hash() const { return hash_; }
  std::uint64_t events() const { return events_; }

 private:
  std::string TimeText() const;

  const RunOptions options_;
  const testing::ManualClock& clock_;
  std::deque<std::string> last_;
  std::uint64_t events_ = 0;
  std::uint64_t hash_ = kHashBegin;
};

}  // namespace piperpc::simulation
