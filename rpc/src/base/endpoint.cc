#include "piperpc/endpoint.h"

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "src/base/endpoint_address.h"
#include "src/base/text.h"

namespace piperpc {
namespace {

constexpr std::size_t kMaxShortName = 64;

bool IsSchemeCharacter(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)); }

// "unix" of "unix:/run/x" and "tcp" of "tcp://host"; of what has no such thing, nothing. One letter
// is a drive of Windows.
std::string_view SchemeOf(std::string_view text) {
  const std::size_t end = text.find(":/");
  if (end == text.npos || end < 2) return {};
  const std::string_view scheme = text.substr(0, end);
  return std::all_of(scheme.begin(), scheme.end(), IsSchemeCharacter) ? scheme : "";
}

bool IsAddress(std::string_view text) {
  return text.find_first_of("/\\") != text.npos || text.starts_with('@');
}

bool IsShortNameCharacter(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
}

absl::Status Invalid(std::string_view text, std::string_view rule) {
  return absl::InvalidArgumentError(
      absl::StrCat("endpoint \"", base::ToAbsl(text), "\": ", base::ToAbsl(rule)));
}

absl::Status CheckShortName(std::string_view name) {
  if (name.empty()) return Invalid(name, "a name must not be empty");
  if (name.size() > kMaxShortName) {
    return Invalid(name, absl::StrCat("it has ", name.size(),
                                      " characters; a short name has at most ", kMaxShortName));
  }
  if (name.front() == '.') return Invalid(name, "a short name must not begin with '.'");
  for (const char c : name) {
    if (!IsShortNameCharacter(c)) {
      return Invalid(name, "a short name may contain only letters, digits, '.', '_' and '-'");
    }
  }
  return absl::OkStatus();
}

}  // namespace

std::string Endpoint::ToString() const {
  return text_ == address_ ? text_ : absl::StrCat(text_, " (", address_, ")");
}

absl::StatusOr<Endpoint> Endpoint::Parse(std::string_view text) {
  if (const std::string_view scheme = SchemeOf(text); !scheme.empty()) {
    return Invalid(text, absl::StrCat("an endpoint has no scheme such as \"", base::ToAbsl(scheme),
                                      ":\"; it must be a short name or a path"));
  }
  const bool short_name = !IsAddress(text);
  if (short_name) {
    if (absl::Status status = CheckShortName(text); !status.ok()) return status;
  }
  std::string address = short_name ? base::AddressOfShortName(text) : std::string(text);
  if (absl::Status status = base::CheckAddress(address); !status.ok()) return status;
  return Endpoint(std::string(text), std::move(address), short_name);
}

absl::StatusOr<Endpoint> Endpoint::InProcess(std::string_view name) {
  if (name.empty()) return Invalid(name, "a name must not be empty");
  return Endpoint(std::string(name), std::string(name), true);
}

}  // namespace piperpc
