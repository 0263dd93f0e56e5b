// Where accounts are kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace services {

// What is written is durable when the call returns. Thread-safe; calls may block.
class AccountStore {
 public:
  virtual ~AccountStore() = default;

  // The password hash of `username`; none when there is no such account.
  virtual absl::StatusOr<std::optional<std::string>> FindHash(std::string_view username) = 0;

  // Adds an account. False, and nothing has changed, when there is one of that name: of several
  // that try at once, one gets true.
  virtual absl::StatusOr<bool> Insert(std::string_view username, std::string_view hash) = 0;

  // Puts `new_hash` in the place of `old_hash`; does nothing when that is not there any more.
  virtual absl::Status ReplaceHash(std::string_view username, std::string_view old_hash,
                                   std::string_view new_hash) = 0;
};

}  // namespace services
