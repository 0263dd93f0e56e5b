#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "conformance/damage.h"
#include "soak/actor.h"
#include "src/transport/transport.h"
#include "support/call_frames.h"
#include "support/wire_client.h"

namespace piperpc::soak {
namespace {

using conformance::Damage;
using std::chrono::milliseconds;
using testing::WireClient;

constexpr std::chrono::seconds kPatience{20};

const std::vector<Damage>& AllDamages() {
  static const auto& all = *[] {
    auto* damages = new std::vector<Damage>(conformance::DamagedLengths());
    for (const auto& more : {conformance::DamagedFields(), conformance::DamagedGoaways()}) {
      damages->insert(damages->end(), more.begin(), more.end());
    }
    return damages;
  }();
  return all;
}

std::unique_ptr<WireClient> ConnectByHand(Actor& actor) {
  const std::string& endpoint = actor.Chance(50) ? actor.target().daemon : actor.target().shapes;
  auto pipe = (*transport::SystemTransport(actor.target().backend))
                  ->Connect(*Endpoint::Parse(endpoint), {.deadline = base::After(kPatience)});
  actor.Count("connect by hand", pipe.status());
  return pipe.ok() ? std::make_unique<WireClient>(*std::move(pipe)) : nullptr;
}

// The server says why, and closes.
void BreakProtocol(Actor& actor, WireClient& client) {
  const std::vector<Damage>& damages = AllDamages();
  const Damage& damage =
      damages[static_cast<std::size_t>(actor.Number(0, static_cast<int>(damages.size()) - 1))];
  if (!client.TrySend(testing::EncodedHello() + damage.packet).ok()) return;
  const absl::Status why = client.Goaway();
  actor.Require(absl::StrContains(why.message(), damage.text),
                damage.name + ": GOAWAY " + why.ToString());
  actor.tally().Add("broken protocol");
}

// Bytes that mean nothing; the server closes, whatever it says.
void SendNoise(Actor& actor, WireClient& client) {
  std::string noise;
  for (int left = actor.Number(1, 2000); left > 0; --left) {
    noise += static_cast<char>(actor.Number(0, 255));
  }
  if (!client.TrySend(noise).ok()) return;
  const absl::Status why = client.Goaway();
  actor.Require(!absl::IsInternal(why), "noise was answered by noise: " + why.ToString());
  actor.tally().Add(absl::IsUnknown(why) ? "noise: closed" : "noise: GOAWAY");
}

// A request of which the rest never comes.
void SendHalf(Actor& actor, WireClient& client) {
  wire::FrameHeader header{.kind = wire::FrameKind::kRequest, .call_id = 1};
  header.flags = wire::kMore | wire::kEnd;
  header.method = "upper.v1.UpperService/Uppercase";
  header.message_size = 1024 * 1024;
  const std::string part(static_cast<std::size_t>(actor.Number(1, 100'000)), 'x');
  if (!client.TrySend(testing::EncodedHello() + testing::Encode(header, part)).ok()) return;
  actor.Pause(milliseconds(20));
  actor.tally().Add("half a request");
}

// Nothing at all.
void StayMute(Actor& actor, WireClient& /*client*/) {
  actor.Pause(milliseconds(50));
  actor.tally().Add("mute");
}

}  // namespace

void RunHostile(Actor& actor) {
  constexpr std::array kAttacks = {&BreakProtocol, &BreakProtocol, &SendNoise, &SendHalf,
                                   &StayMute};
  while (actor.Pause(milliseconds(50))) {
    const std::unique_ptr<WireClient> client = ConnectByHand(actor);
    if (client == nullptr) continue;
    const int which = actor.Number(0, kAttacks.size() - 1);
    kAttacks[static_cast<std::size_t>(which)](actor, *client);
  }
}

}  // namespace piperpc::soak
