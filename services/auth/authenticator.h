// Checks passwords, and registers new names.
#pragma once

#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "piperpc/log.h"
#include "services/auth/account_store.h"
#include "services/auth/password_hasher.h"

namespace services {

enum class Authenticated { kRegistered, kRecognised };

// What to do with a name that is not registered.
enum class UnknownName { kRegister, kRefuse };

// Thread-safe. Blocks while a password is hashed and the store is written: not for event loops.
class Authenticator {
 public:
  // The store must outlive this. `log`, called on any thread, is told of errors that do not make a
  // login fail: an outdated hash could not be renewed. What the hook throws is ignored.
  Authenticator(AccountStore& store, PasswordHasher hasher, piperpc::LogHook log = {})
      : store_(store), hasher_(hasher), log_(std::move(log)) {}

  // Checks `password`, or registers a name that is not in the store with it, durably. When several
  // threads register one name at once, one succeeds, and the others are checked against its
  // password. An outdated hash is renewed. Known and unknown names take the same time, that of one
  // hash. `username` and `password` must be valid (credentials.h).
  //   UNAUTHENTICATED: the password is wrong.
  //   NOT_FOUND: the name is not in the store, and `unknown` is kRefuse.
  absl::StatusOr<Authenticated> Authenticate(std::string_view username, std::string_view password,
                                             UnknownName unknown = UnknownName::kRegister);

 private:
  absl::Status RefuseUnknown(std::string_view username, std::string_view password) const;
  absl::StatusOr<bool> Register(std::string_view username, std::string_view password);
  absl::StatusOr<Authenticated> Recognise(std::string_view username, std::string_view password,
                                          const std::string& hash);
  absl::Status ReplaceHash(std::string_view username, std::string_view password,
                           const std::string& hash);
  void Renew(std::string_view username, std::string_view password, const std::string& hash);

  AccountStore& store_;
  const PasswordHasher hasher_;
  const piperpc::LogHook log_;
};

}  // namespace services
