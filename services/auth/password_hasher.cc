#include "services/auth/password_hasher.h"

#include <sodium.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace services {
namespace {

absl::Status OutOfMemory() {
  return absl::ResourceExhaustedError("not enough memory to hash a password; try again later");
}

}  // namespace

PasswordCost PasswordCost::Interactive() {
  return {crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE};
}

PasswordCost PasswordCost::Minimal() {
  return {crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN};
}

absl::StatusOr<PasswordHasher> PasswordHasher::Create(PasswordCost cost) {
  if (sodium_init() < 0) return absl::InternalError("cannot initialize libsodium");
  if (cost.operations < crypto_pwhash_OPSLIMIT_MIN ||
      cost.operations > crypto_pwhash_OPSLIMIT_MAX ||
      cost.memory_bytes < crypto_pwhash_MEMLIMIT_MIN ||
      cost.memory_bytes > crypto_pwhash_MEMLIMIT_MAX) {
    return absl::InvalidArgumentError(absl::StrCat("not a valid password cost: ", cost.operations,
                                                   " operations with ", cost.memory_bytes,
                                                   " bytes of memory"));
  }
  return PasswordHasher(cost);
}

absl::StatusOr<std::string> PasswordHasher::Hash(std::string_view password) const {
  char hash[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str(hash, password.data(), password.size(), cost_.operations,
                        cost_.memory_bytes) != 0) {
    return OutOfMemory();
  }
  return std::string(hash);
}

absl::StatusOr<bool> PasswordHasher::Matches(const std::string& hash,
                                             std::string_view password) const {
  errno = 0;  // The only way to tell a mismatch from a lack of memory.
  if (crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0) return true;
  if (errno == ENOMEM) return OutOfMemory();
  return false;
}

bool PasswordHasher::IsOutdated(const std::string& hash) const {
  return crypto_pwhash_str_needs_rehash(hash.c_str(), cost_.operations, cost_.memory_bytes) != 0;
}

}  // namespace services
