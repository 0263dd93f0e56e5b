#include "tools/piperpcd/hosted_services.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/auth/password_hasher.h"
#include "services/auth/sqlite_account_store.h"

namespace piperpc::daemon {

absl::StatusOr<std::unique_ptr<HostedServices>> HostedServices::Open(const Options& options) {
  const std::string path =
      options.memory ? services::kInMemory : absl::StrCat(options.data_dir, "/accounts.db");
  absl::StatusOr<std::unique_ptr<services::AccountStore>> accounts =
      services::OpenAccountStore(path);
  if (!accounts.ok()) return accounts.status();
  const absl::StatusOr<services::PasswordHasher> hasher =
      services::PasswordHasher::Create(services::PasswordCost::Interactive());
  if (!hasher.ok()) return hasher.status();
  absl::StatusOr<std::unique_ptr<services::Hub>> hub = services::Hub::Create(options.notify);
  if (!hub.ok()) return hub.status();
  return std::unique_ptr<HostedServices>(
      new HostedServices(*std::move(accounts), *hasher, *std::move(hub)));
}

HostedServices::HostedServices(std::unique_ptr<services::AccountStore> accounts,
                               services::PasswordHasher hasher, std::unique_ptr<services::Hub> hub)
    : accounts_(std::move(accounts)),
      hub_(std::move(hub)),
      notify_(*hub_),
      auth_(*accounts_, hasher, services::AuthOptions{.throttle = {}, .observer = &notify_}) {}

absl::Status HostedServices::AddTo(Server& server) {
  absl::Status status = builtin_.AddTo(server);
  if (status.ok()) status = server.AddService(auth_);
  if (status.ok()) status = server.AddService(upper_);
  if (status.ok()) status = server.AddService(notify_);
  return status;
}

}  // namespace piperpc::daemon
