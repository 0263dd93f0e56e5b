// Passwords as they are stored: argon2id by libsodium.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace services {

// What a hash costs those who make one, and those who guess.
struct PasswordCost {
  unsigned long long operations;
  std::size_t memory_bytes;

  static PasswordCost Interactive();  // 64 MiB and some 50 ms. The default of the services.
  static PasswordCost Minimal();      // Next to nothing: for tests only.
};

// Thread-safe, and slow on purpose: not for an event loop. Each call that is under way holds the
// memory of its hash.
class PasswordHasher {
 public:
  // INVALID_ARGUMENT: a cost that libsodium does not take; INTERNAL: libsodium does not start.
  static absl::StatusOr<PasswordHasher> Create(PasswordCost cost);

  // A salted hash of all bytes of `password`, as text that holds salt and cost.
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
