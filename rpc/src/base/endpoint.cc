#include "piperpc/endpoint.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "src/base/endpoint_address.h"
#include "src/base/text.h"

namespace piperpc {
namespace {

constexpr std::size_t kMaxShortName = 64;

bool IsAddress(std::string_view text) { return text.find_first_of("/\\") != text.npos; }

bool IsShortNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
}

absl::Status Invalid(std::string_view text, std::string_view rule) {
  return absl::InvalidArgumentError(
      absl::StrCat("endpoint \"", ToAbsl(text), "\": ", ToAbsl(rule)));
}

absl::Status CheckShortName(std::string_view name) {
  if (name.empty()) return Invalid(name, "a name has at least one character");
  if (name.size() > kMaxShortName) {
    return Invalid(name, absl::StrCat("a short name has at most ", kMaxShortName,
                                      " characters, this one has ", name.size()));
  }
  if (name.front() == '.') return Invalid(name, "a short name does not begin with '.'");
  for (const char c : name) {
    if (!IsShortNameCharacter(c)) {
      return Invalid(name, "a short name is made of letters, digits, '.', '_' and '-'");
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string Endpoint::ToString() const {
  return text_ == address_ ? text_ : absl::StrCat(text_, " (", address_, ")");
}

absl::StatusOr<Endpoint> Endpoint::Parse(std::string_view text) {
  const bool short_name = !IsAddress(text);
  if (short_name) {
    if (absl::Status status = CheckShortName(text); !status.ok()) return status;
  }
  std::string address = short_name ? AddressOfShortName(text) : std::string(text);
  if (absl::Status status = CheckAddress(address); !status.ok()) return status;
  return Endpoint(std::string(text), std::move(address), short_name);
}

}  // namespace piperpc
