// The services that piperpcd serves, and what they stand on.
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
  // Opens the accounts. The error names what could not be opened. `log`, which outlives it, learns
  // where they are, and of logins.
  static absl::StatusOr<std::unique_ptr<HostedServices>> Open(const Options& options, LogHook log);

  // Adds all of them. They outlive `server`.
  absl::Status AddTo(Server& server);

 private:
  HostedServices(std::unique_ptr<services::AccountStore> accounts, services::PasswordHasher hasher,
                 std::unique_ptr<services::Hub> hub, LogHook log);

  const std::unique_ptr<services::AccountStore> accounts_;
  const std::unique_ptr<services::Hub> hub_;
  services::Notify notify_;
  services::Auth auth_;
  services::Upper upper_;
  BuiltinServices builtin_;
};

}  // namespace piperpc::daemon
