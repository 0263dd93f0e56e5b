#include "simulation/call_plan.h"

#include <string_view>

#include "absl/strings/str_cat.h"
#include "src/base/text.h"

namespace piperpc::simulation {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Some calls must end well for any delay; some are to run into their deadline.
constexpr milliseconds kGenerous{600'000};

// Of each of `count` messages.
std::size_t DrawSize(Random& random, std::size_t count) {
  switch (random.Below(8)) {
    case 0:  // Together more than a packet, a pipe, or a stream's credit holds.
      return random.Between(1, 600'000 / (count + 1));
    case 1:
      return random.Between(1, 70'000 / (count / 8 + 1));
    default:
      return random.Between(1, 300);
  }
}

MethodType DrawType(Random& random) {
  return random.OneOf({MethodType::kUnary, MethodType::kServerStreaming,
                       MethodType::kClientStreaming, MethodType::kBidirectional});
}

void DrawStreams(Random& random, CallPlan& plan) {
  const std::size_t many = random.OneOf<std::size_t>({0, 1, 4, 12, 40});
  if (plan.StreamsRequests()) plan.requests = many;
  if (plan.StreamsReplies()) plan.replies = many;
  if (plan.type == MethodType::kBidirectional) plan.replies = plan.requests;
}

}  // namespace

std::string CallPlan::Describe() const {
  constexpr std::string_view kTypes[] = {"unary", "server-streaming", "client-streaming",
                                         "bidirectional"};
  return absl::StrCat(blocking ? "blocking " : "", base::ToAbsl(kTypes[static_cast<int>(type)]),
                      ", ", requests, " requests of ", request_bytes, " bytes, ", replies,
                      " replies of ", reply_bytes, ", timeout ",
                      timeout.has_value() ? timeout->count() : 0, " ms");
}

CallProfile CallProfile::Draw(Random& random) {
  CallProfile profile;
  profile.fail = random.OneOf({0, 100, 100, 700});
  profile.cancel = random.OneOf({0, 200, 200, 700});
  profile.blocking = random.OneOf({0, 300, 300, 900});
  profile.spread = microseconds(random.OneOf({100, 20'000, 2'000'000}));
  if (random.Below(4) == 0) profile.type = DrawType(random);
  return profile;
}

CallPlan CallPlan::Draw(Random& random, const CallProfile& profile, std::size_t id,
                        std::size_t client) {
  const MethodType type = DrawType(random);
  CallPlan plan = Plain(id, client, profile.type.value_or(type));
  plan.blocking = random.Chance(profile.blocking);
  plan.begin = random.Delay(profile.spread);
  if (random.Below(4) == 0) plan.timeout = milliseconds(random.Between(1, 500));
  if (random.Below(8) == 0) plan.timeout.reset();
  plan.wait_for_ready = milliseconds(random.OneOf({0, 0, 100, 3'000}));
  if (random.Chance(profile.cancel)) plan.cancel = microseconds(random.Below(200'000));
  plan.cancel_by_token = random.Below(2) == 0;
  DrawStreams(random, plan);
  plan.request_bytes = DrawSize(random, plan.requests);
  plan.reply_bytes = DrawSize(random, plan.replies);
  plan.pause = microseconds(random.OneOf({0, 0, 50, 20'000}));
  plan.fails = random.Chance(profile.fail);
  plan.reason_bytes = random.OneOf<std::size_t>({10, 10, 12'000});
  return plan;
}

CallPlan CallPlan::Plain(std::size_t id, std::size_t client, MethodType type) {
  CallPlan plan;
  plan.id = id;
  plan.client = client;
  plan.type = type;
  plan.timeout = kGenerous;
  return plan;
}

}  // namespace piperpc::simulation
