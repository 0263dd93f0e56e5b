// Whether a password is a user's.
#pragma once

#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "piperpc/log.h"
#include "services/auth/account_store.h"
#include "services/auth/password_hasher.h"

namespace services {

enum class Authenticated { kRegistered, kRecognised };

// What becomes of a name that is not registered.
enum class UnknownName { kRegister, kRefuse };

// Thread-safe. Blocks for as long as a hash and a write to the store take: not for an event loop.
class Authenticator {
 public:
  // The store outlives this. `log`, any thread's, learns of what is no reason to refuse a login: an
  // outdated hash that could not be renewed. What the hook throws is dropped.
  Authenticator(AccountStore& store, PasswordHasher hasher, piperpc::LogHook log = {})
      : store_(store), hasher_(hasher), log_(std::move(log)) {}

  // Registers a name that is not in the store with `password`, durably; of several that try at once
  // one does, and the others have to match its password. UNAUTHENTICATED: the password is another
  // one. NOT_FOUND: the name is not in the store, and `unknown` refuses it. Name and password have
  // been checked (credentials.h). A name that is known and one that is not take the same time, that
  // of one hash. An account whose hash is outdated gets a new one.
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
