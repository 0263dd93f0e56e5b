// The services that piperpcd serves, with what they need.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/builtin.h"
#include "piperpc/server.h"
#include "services/auth/account_store.h"
#include "services/auth/auth.h"
#include "services/notify/hub.h"
#include "services/notify/notify.h"
#include "services/upper/upper.h"
#include "tools/piperpcd/options.h"

namespace piperpc::daemon {

class HostedServices {
 public:
  // Opens the accounts; an error names what could not be opened. `log` gets the path of the
  // accounts, and logins; what it uses must outlive this.
  static absl::StatusOr<std::unique_ptr<HostedServices>> Open(const Options& options, LogHook log);

  // Adds all services to `server`, which this must outlive.
  absl::Status AddTo(Server& server);

 private:
  HostedServices(std::unique_ptr<services::AccountStore> accounts, services::PasswordHasher hasher,
                 std::unique_ptr<services::Hub> hub, LogHook log);

  const std::unique_ptr<services::AccountStore> accounts_;
  const std::unique_ptr<services::Hub> hub_;
  services::Notify notify_;
  services::Auth auth_;
  services::Upper upper_;
  BuiltinServices builtin_{{.stats = true}};
};

}  // namespace piperpc::daemon
