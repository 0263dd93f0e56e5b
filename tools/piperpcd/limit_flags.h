// The flags of the server's limits and of its memory budgets.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/status.h"
#include "piperpc/server.h"
#include "tools/shared/flags.h"

namespace piperpc::daemon {

// The most that a flag takes that counts something.
inline constexpr std::size_t kMany = 0xffffffff;

// What was given, where the default cannot tell.
struct GivenLimits {
  bool connections_per_user = false;
  bool parse_budget = false;
};

// Both must outlive the flag set.
void AddLimitFlags(tools::FlagSet& flags, ServerOptions& server, GivenLimits& given);

// Where no budget was given: memory for a few of the largest messages, as there is by default.
void FitBudget(const GivenLimits& given, ServerOptions& server);

// INVALID_ARGUMENT: flags are right alone and wrong together; the text names both, their values,
// and what to do.
absl::Status CheckLimits(const GivenLimits& given, const ServerOptions& server);

// The same of one pair, named with their dashes: the part must not be more than the whole.
absl::Status CheckShare(std::string_view part_flag, std::size_t part, std::string_view whole_flag,
                        std::size_t whole);

}  // namespace piperpc::daemon
