#include "services/auth/credentials.h"

#include <sodium.h>

#include "absl/strings/str_cat.h"
#include "piperpc/internal/utf8.h"
#include "piperpc/internal/visible_text.h"

namespace services {
namespace {

absl::Status CheckSize(const char* what, std::size_t size, std::size_t limit) {
  if (size >= 1 && size <= limit) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("the ", what, " has ", size, " bytes; it must have 1 to ", limit));
}

}  // namespace

absl::Status CheckUsername(std::string_view username) {
  absl::Status size = CheckSize("user name", username.size(), kMaxUsernameBytes);
  if (!size.ok()) return size;
  for (std::size_t at = 0; at < username.size();) {
    const auto character = piperpc::internal::FirstCharacter(username.substr(at));
    if (character.length == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("the user name is not UTF-8: invalid byte at offset ", at));
    }
    if (piperpc::internal::IsTreacherous(character.code)) {
      return absl::InvalidArgumentError(absl::StrCat(
          "the user name has a control character, or one that reverses or hides text, at offset ",
          at));
    }
    at += character.length;
  }
  if (username.front() == ' ' || username.back() == ' ') {
    return absl::InvalidArgumentError("the user name begins or ends with a space");
  }
  return absl::OkStatus();
}

absl::Status CheckPassword(std::string_view password) {
  return CheckSize("password", password.size(), kMaxPasswordBytes);
}

Secret::~Secret() { Wipe(text_); }

void Wipe(std::string& text) {
  text.resize(text.capacity());  // Within its buffer: what was there before is reached, too.
  sodium_memzero(text.data(), text.size());
  text.clear();
}

}  // namespace services
