// The service notify.v1.NotifyService: publishing and subscribing to events.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "notify/v1/notify.piperpc.h"
#include "services/auth/login_observer.h"
#include "services/notify/hub.h"

namespace services {

// Publishes logins and messages to the hub, and streams the hub's events to subscribers.
class Notify final : public notify::v1::NotifyService, public LoginObserver {
 public:
  explicit Notify(Hub& hub) : hub_(hub) {}  // `hub` must outlive this.

  piperpc::Stream<notify::v1::Event> CoSubscribe(piperpc::ServerContext& context,
                                                 notify::v1::SubscribeRequest request) override;
  piperpc::Task<absl::StatusOr<notify::v1::PublishResponse>> CoPublish(
      piperpc::ServerContext& context, notify::v1::PublishRequest request) override;

  void OnLogin(std::string_view username) override;

 private:
  Hub& hub_;
};

}  // namespace services
