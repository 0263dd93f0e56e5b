// notify.v1 as it is served.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "notify/v1/notify.piperpc.h"
#include "services/auth/login_observer.h"
#include "services/notify/hub.h"

namespace services {

// Logins and messages go to the hub; subscribers read from it.
class Notify final : public notify::v1::NotifyService, public LoginObserver {
 public:
  explicit Notify(Hub& hub) : hub_(hub) {}  // Which outlives this.

  piperpc::Stream<notify::v1::Event> CoSubscribe(piperpc::ServerContext& context,
                                                 notify::v1::SubscribeRequest request) override;
  piperpc::Task<absl::StatusOr<notify::v1::PublishResponse>> CoPublish(
      piperpc::ServerContext& context, notify::v1::PublishRequest request) override;

  void OnLogin(std::string_view username) override;

 private:
  Hub& hub_;
};

}  // namespace services
