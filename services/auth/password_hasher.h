// Passwords as they are stored: argon2id by libsodium.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace services {

// The cost of one hash, for the server as well as for an attacker.
struct PasswordCost {
  unsigned long long operations;
  std::size_t memory_bytes;

  static PasswordCost Interactive();  // 64 MiB and some 50 ms. The default of the services.
  static PasswordCost Minimal();      // Almost nothing; for tests only.
};

// Thread-safe, and slow on purpose: not for event loops. Each running call uses memory_bytes.
class PasswordHasher {
 public:
  // INVALID_ARGUMENT: libsodium does not support the cost; INTERNAL: libsodium cannot be
  // initialized.
  static absl::StatusOr<PasswordHasher> Create(PasswordCost cost);

  // Returns a salted hash of `password` as text, which contains salt and cost.
  // RESOURCE_EXHAUSTED: there is not enough memory.
  absl::StatusOr<std::string> Hash(std::string_view password) const;

  // Whether `hash` was made of `password`, whatever its cost was. RESOURCE_EXHAUSTED as above.
  absl::StatusOr<bool> Matches(const std::string& hash, std::string_view password) const;

  // Whether `hash` has another cost than this hasher.
  bool IsOutdated(const std::string& hash) const;

 private:
  explicit PasswordHasher(PasswordCost cost) : cost_(cost) {}
  PasswordCost cost_;
};

}  // namespace services
