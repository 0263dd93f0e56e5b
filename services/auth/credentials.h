// The rules for user names and passwords, and wiping passwords from memory.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace services {

inline constexpr std::size_t kMaxUsernameBytes = 64;
inline constexpr std::size_t kMaxPasswordBytes = 1024;

// INVALID_ARGUMENT: the name breaks a rule, which the text names. The rules: 1 to kMaxUsernameBytes
// bytes of UTF-8, without control characters, line separators and what reverses or hides text, no
// space at either end.
absl::Status CheckUsername(std::string_view username);

// INVALID_ARGUMENT: not 1 to kMaxPasswordBytes bytes. They may be any bytes.
absl::Status CheckPassword(std::string_view password);

// A copy of a password; the destructor wipes it from memory.
class Secret {
 public:
  explicit Secret(std::string_view text) : text_(text) {}
  ~Secret();
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  std::string_view view() const { return text_; }

 private:
  std::string text_;
};

// Overwrites the whole buffer of `text`, and clears it.
void Wipe(std::string& text);

}  // namespace services
