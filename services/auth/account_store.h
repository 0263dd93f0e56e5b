// Where accounts are kept.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace services {

// Changes are durable when the call returns. Thread-safe; calls may block.
class AccountStore {
 public:
  virtual ~AccountStore() = default;

  // The password hash of `username`; none when there is no such account.
  virtual absl::StatusOr<std::optional<std::string>> FindHash(std::string_view username) = 0;

  // Adds an account. False, without a change, when there is one of that name; of several concurrent
  // calls for one name, exactly one returns true.
  virtual absl::StatusOr<bool> Insert(std::string_view username, std::string_view hash) = 0;

  // Replaces `old_hash` by `new_hash`; does nothing when the account has another hash by now.
  virtual absl::Status ReplaceHash(std::string_view username, std::string_view old_hash,
                                   std::string_view new_hash) = 0;
};

}  // namespace services
