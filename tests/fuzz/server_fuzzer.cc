// Clients that send whatever the input says, to a server whose time the input sets. Afterwards the
// server must have let go of all that they had, and another client must have been served.
#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "fuzz/require.h"
#include "fuzz/script.h"
#include "fuzz/server_world.h"
#include "support/call_frames.h"

namespace piperpc::fuzz {
namespace {

using testing::EncodedHello;
using testing::EncodedRequest;

class ServerScript {
 public:
  ServerScript(FuzzedServices& services, std::span<const std::uint8_t> input)
      : services_(services), script_(input, FuzzedServices::kMethods), world_(services) {}

  void Run() {
    services_.door.Shut();
    bystander_ = world_.Connect();
    bystander_->Send(EncodedHello() + EncodedRequest(1, "shapes.v1.Raw/Unary", "before"));
    while (!script_.done()) Step();
    EndClients();
    CheckBystander();
    bystander_.reset();
    world_.loop().RunUntilIdle();
    Require(world_.server().empty() && world_.server().calls() == 0,
            "every connection ends with its client");
    Require(world_.server().HasAllMemory(), "what clients had of the budgets has come back");
  }

 private:
  // A client, and the packet that it is about to send.
  struct Offender {
    std::unique_ptr<FuzzedClient> client;
    std::string packet;
    std::uint64_t last_id = 0;
  };

  Offender& Current() {
    Offender& offender = offenders_[current_];
    if (offender.client == nullptr) offender.client = world_.Connect();
    return offender;
  }

  void Step() {
    switch (script_.Below(16)) {
      case 0:
      case 1:
        Current().packet += script_.Frame();
        break;
      case 2:
        return Send();
      case 3:
        Current().packet += EncodedHello();
        break;
      case 4:
        Current().packet += script_.Text();
        break;
      case 5:
        return Call();
      case 6:
        return Continue();
      case 7:
        return world_.loop().RunUntilIdle();
      case 8:
        return world_.loop().RunOnce();
      case 9:
        Current().client->Read();
        break;
      case 10:
        return Advance();
      case 11:
        current_ = script_.Below(offenders_.size());
        break;
      case 12:
        offenders_[current_] = {};
        break;
      case 13:
        return CutOff();
      case 14:
        services_.door.Set();  // Who waits at a door that is shut later would be forgotten there.
        if (script_.Below(2) == 0) services_.door.Shut();
        break;
      default:
        return world_.server().GoOnShuttingDown();
    }
  }

  void Send() {
    Offender& offender = Current();
    offender.client->Send(std::exchange(offender.packet, {}));
  }

  // A good call, as far as the server knows.
  void Call() {
    Offender& offender = Current();
    const bool streams = script_.Below(2) == 1;
    const std::uint64_t id = ++offender.last_id;
    const std::string_view method = script_.Method();
    offender.packet +=
        streams ? testing::Opening(id, method) : EncodedRequest(id, method, script_.Payload());
  }

  // Of a call that was begun so, or of an earlier one.
  void Continue() {
    Offender& offender = Current();
    const std::uint64_t id = offender.last_id - script_.Below(4);
    switch (script_.Below(4)) {
      case 0:
        offender.packet += testing::HalfClose(id);
        break;
      case 1:
        offender.packet += testing::Cancel(id);
        break;
      case 2:
        offender.packet += testing::Encode(
            {.kind = wire::FrameKind::kCredit, .call_id = id, .credit = script_.Number()});
        break;
      default:
        offender.packet += testing::Message(id, script_.Payload());
    }
  }

  void CutOff() {
    std::string& packet = Current().packet;
    packet.resize(packet.size() - std::min<std::size_t>(packet.size(), script_.Below(64)));
  }

  // Within a year, in all.
  void Advance() {
    const std::chrono::microseconds step(script_.Number() & ((std::uint64_t{1} << 36) - 1));
    world_.clock().now += step;
  }

  void EndClients() {
    services_.door.Set();
    for (Offender& offender : offenders_) {
      if (offender.client != nullptr) offender.client->Read();
      offender = {};
    }
    world_.loop().RunUntilIdle();
    Require(world_.server().calls() == 0, "calls end with their clients");
    Require(world_.server().shutting_down() || world_.server().connections() == 1,
            "connections end with their clients");
  }

  void CheckBystander() {
    const std::string before = bystander_->Read();
    if (world_.server().shutting_down()) return;
    Require(before == "before", "a bystander was served");
    bystander_->Send(EncodedRequest(2, "shapes.v1.Raw/Unary", "after"));
    world_.loop().RunUntilIdle();
    Require(bystander_->Read() == "after", "a bystander is served");
  }

  FuzzedServices& services_;
  Script script_;
  ServerWorld world_;
  std::unique_ptr<FuzzedClient> bystander_;
  std::array<Offender, 3> offenders_;
  std::size_t current_ = 0;
};

}  // namespace
}  // namespace piperpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static piperpc::fuzz::FuzzedServices services;
  piperpc::fuzz::ServerScript(services, {data, size}).Run();
  return 0;
}
