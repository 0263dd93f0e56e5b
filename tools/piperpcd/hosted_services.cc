#include "tools/piperpcd/hosted_services.h"

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "services/auth/password_hasher.h"
#include "services/auth/sqlite_account_store.h"

namespace piperpc::daemon {
namespace {

// So that a reader of the log need not know where the program was started.
std::string WholePath(const std::string& path) {
  if (path == services::kInMemory) return path;
  std::error_code error;
  const auto whole = std::filesystem::absolute(std::u8string(path.begin(), path.end()), error);
  if (error) return path;
  const std::u8string text = whole.u8string();
  return std::string(text.begin(), text.end());
}

// What a person who reads it can change.
absl::Status WithFlag(const absl::Status& status) {
  return absl::Status(status.code(),
                      absl::StrCat(status.message(), " (--data-dir says where the accounts are)"));
}

services::AuthOptions AuthOptionsFor(services::LoginObserver& observer, LogHook log) {
  services::AuthOptions options;
  options.observer = &observer;
  options.log = std::move(log);
  return options;
}

}  // namespace

absl::StatusOr<std::unique_ptr<HostedServices>> HostedServices::Open(const Options& options,
                                                                     LogHook log) {
  const std::string path =
      options.memory ? services::kInMemory : absl::StrCat(options.data_dir, "/accounts.db");
  absl::StatusOr<std::unique_ptr<services::AccountStore>> accounts =
      services::OpenAccountStore(path);
  if (!accounts.ok()) return WithFlag(accounts.status());
  const absl::StatusOr<services::PasswordHasher> hasher =
      services::PasswordHasher::Create(services::PasswordCost::Interactive());
  if (!hasher.ok()) return hasher.status();
  absl::StatusOr<std::unique_ptr<services::Hub>> hub = services::Hub::Create(options.notify);
  if (!hub.ok()) return hub.status();
  log({LogLevel::kInfo, "accounts opened", {{"path", WholePath(path)}}});
  return std::unique_ptr<HostedServices>(
      new HostedServices(*std::move(accounts), *hasher, *std::move(hub), std::move(log)));
}

HostedServices::HostedServices(std::unique_ptr<services::AccountStore> accounts,
                               services::PasswordHasher hasher, std::unique_ptr<services::Hub> hub,
                               LogHook log)
    : accounts_(std::move(accounts)),
      hub_(std::move(hub)),
      notify_(*hub_),
      auth_(*accounts_, hasher, AuthOptionsFor(notify_, std::move(log))) {}

absl::Status HostedServices::AddTo(Server& server) {
  absl::Status status = builtin_.AddTo(server);
  if (status.ok()) status = server.AddService(auth_);
  if (status.ok()) status = server.AddService(upper_);
  if (status.ok()) status = server.AddService(notify_);
  return status;
}

}  // namespace piperpc::daemon
