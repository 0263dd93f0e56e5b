#include "services/auth/authenticator.h"

#include <exception>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "piperpc/internal/exceptions.h"
#include "services/auth/log_safely.h"

namespace services {
absl::StatusOr<Authenticated> Authenticator::Authenticate(std::string_view username,
                                                          std::string_view password,
                                                          UnknownName unknown) {
  absl::StatusOr<std::optional<std::string>> hash = store_.FindHash(username);
  if (!hash.ok()) return hash.status();
  if (!*hash && unknown == UnknownName::kRefuse) return RefuseUnknown(username, password);
  if (!*hash) {
    const absl::StatusOr<bool> registered = Register(username, password);
    if (!registered.ok()) return registered.status();
    if (*registered) return Authenticated::kRegistered;
    hash = store_.FindHash(username);  // Another thread has registered it.
    if (!hash.ok()) return hash.status();
    if (!*hash) return absl::AbortedError("the account was removed during the login");
  }
  return Recognise(username, password, **hash);
}

// Makes a hash only for the time that it takes, so that probing for names is as slow as a login.
absl::Status Authenticator::RefuseUnknown(std::string_view username,
                                          std::string_view password) const {
  const absl::StatusOr<std::string> hash = hasher_.Hash(password);
  if (!hash.ok()) return hash.status();
  return absl::NotFoundError(absl::StrCat("there is no account \"", std::string(username),
                                          "\"; a login without existing_only registers it"));
}

absl::StatusOr<bool> Authenticator::Register(std::string_view username, std::string_view password) {
  const absl::StatusOr<std::string> hash = hasher_.Hash(password);
  if (!hash.ok()) return hash.status();
  return store_.Insert(username, *hash);
}

absl::StatusOr<Authenticated> Authenticator::Recognise(std::string_view username,
                                                       std::string_view password,
                                                       const std::string& hash) {
  const absl::StatusOr<bool> matches = hasher_.Matches(hash, password);
  if (!matches.ok()) return matches.status();
  if (!*matches) return absl::UnauthenticatedError("wrong password");
  if (hasher_.IsOutdated(hash)) Renew(username, password, hash);
  return Authenticated::kRecognised;
}

absl::Status Authenticator::ReplaceHash(std::string_view username, std::string_view password,
                                        const std::string& hash) {
  const absl::StatusOr<std::string> renewed = hasher_.Hash(password);
  if (!renewed.ok()) return renewed.status();
  return store_.ReplaceHash(username, hash, *renewed);
}

// The login does not depend on it: a failure is logged, and the next login tries again.
void Authenticator::Renew(std::string_view username, std::string_view password,
                          const std::string& hash) {
  absl::Status status;
  std::exception_ptr thrown;
  try {
    status = ReplaceHash(username, password, hash);
  } catch (...) {
    thrown = std::current_exception();
  }
  if (status.ok() && thrown == nullptr) return;
  LogSafely(log_, [&] {
    return piperpc::LogRecord{
        piperpc::LogLevel::kWarning,
        "password hash not renewed",
        {{"user", std::string(username)},
         {"error",
          thrown != nullptr ? piperpc::internal::DescribeException(thrown) : status.ToString()}}};
  });
}

}  // namespace services
