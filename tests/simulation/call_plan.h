// A call that a run makes, all of which the seed has said before it begins.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "piperpc/service.h"
#include "simulation/random.h"

namespace piperpc::simulation {

// What the calls of one run have in common: runs that lean to something come further in it.
struct CallProfile {
  std::uint64_t fail = 0;  // These are per mille of the calls.
  std::uint64_t cancel = 0;
  std::uint64_t blocking = 0;
  std::optional<MethodType> type;       // Of all of them.
  std::chrono::microseconds spread{0};  // Within which they begin.

  static CallProfile Draw(Random& random);
};

struct CallPlan {
  std::size_t id = 0;
  std::size_t client = 0;
  MethodType type = MethodType::kUnary;
  bool blocking = false;  // A thread of the user's waits for it.

  base::Duration begin{0};  // After the beginning of the run.
  std::optional<std::chrono::milliseconds> timeout;
  std::chrono::milliseconds wait_for_ready{0};
  std::optional<std::chrono::microseconds> cancel;  // After the call's beginning.
  bool cancel_by_token = false;

  std::size_t requests = 1;
  std::size_t request_bytes = 0;
  std::size_t replies = 1;
  std::size_t reply_bytes = 0;
  std::chrono::microseconds pause{0};  // The handler's, before each reply.
  bool fails = false;                  // With DATA_LOSS, after all that,
  std::size_t reason_bytes = 0;        // and a text of this length.

  bool StreamsRequests() const {
    return type == MethodType::kClientStreaming || type == MethodType::kBidirectional;
  }
  bool StreamsReplies() const {
    return type == MethodType::kServerStreaming || type == MethodType::kBidirectional;
  }

  bool UsesToken() const { return cancel.has_value() && (blocking || cancel_by_token); }

  std::string Describe() const;

  static CallPlan Draw(Random& random, const CallProfile& profile, std::size_t id,
                       std::size_t client);

  // One that nothing is to keep from ending well.
  static CallPlan Plain(std::size_t id, std::size_t client, MethodType type);
};

}  // namespace piperpc::simulation
