#include <array>
#include <chrono>

#include "notify/v1/notify.piperpc.h"
#include "piperpc/v1/health.piperpc.h"
#include "piperpc/v1/reflection.piperpc.h"
#include "soak/actor.h"

namespace piperpc::soak {
namespace {

using std::chrono::milliseconds;

void AskForHealth(Actor& actor, const std::shared_ptr<Channel>& channel) {
  v1::HealthClient health(channel);
  const auto checked = health.Check({});
  actor.Count("Check", checked.status());
  actor.Require(!checked.ok() || checked->status() == v1::SERVING_STATUS_SERVING,
                "the server does not serve");
  auto watch = health.Watch({});
  actor.Require(watch.Next().has_value(), "Watch gave nothing");
}

void AskForServices(Actor& actor, const std::shared_ptr<Channel>& channel) {
  v1::ReflectionClient reflection(channel);
  const auto services = reflection.ListServices({});
  actor.Count("ListServices", services.status());
  if (!services.ok()) return;
  for (const std::string& service : services->services()) {
    v1::GetFileDescriptorsRequest request;
    request.set_symbol(service);
    actor.Count("GetFileDescriptors", reflection.GetFileDescriptors(request).status());
  }
}

// Closed, or let go of, with a subscription that is standing or beginning.
void SubscribeAndGo(Actor& actor, const std::shared_ptr<Channel>& channel) {
  notify::v1::NotifyClient client(channel);
  client.SubscribeAsync({}, {}, nullptr, nullptr);
  actor.Pause(milliseconds(2));
  if (actor.Chance(50)) channel->Close();
}

void ConnectAndGo(Actor& actor, const std::shared_ptr<Channel>& channel) {
  actor.Count("connect", channel->WaitUntilReady(std::chrono::seconds(30)));
}

}  // namespace

void RunNewcomers(Actor& actor) {
  constexpr std::array kVisits = {&AskForHealth, &AskForServices, &SubscribeAndGo, &ConnectAndGo};
  while (actor.Pause(milliseconds(20))) {
    const int which = actor.Number(0, kVisits.size() - 1);
    kVisits[static_cast<std::size_t>(which)](actor, actor.ConnectTo(actor.target().daemon));
  }
}

}  // namespace piperpc::soak
