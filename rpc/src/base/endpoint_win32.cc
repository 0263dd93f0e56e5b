// The names of pipes: CreateNamedPipeW and "Pipe Names" in the Win32 documentation.
#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "src/base/endpoint_address.h"
#include "src/base/text.h"
#include "src/base/wide_win32.h"

namespace piperpc::base {
namespace {

constexpr std::size_t kMaxName = 256;  // UTF-16 units, all of the name.
constexpr std::string_view kForm = R"(\\.\pipe\name or \\host\pipe\name)";

absl::Status Invalid(std::string_view address, std::string_view rule) {
  return absl::InvalidArgumentError(
      absl::StrCat("endpoint \"", ToAbsl(address), "\": ", ToAbsl(rule)));
}

// Whether it is two backslashes, a host, "\pipe\" and a name.
bool HasForm(std::string_view name) {
  if (name.substr(0, 2) != R"(\\)") return false;
  const std::size_t host_end = name.find('\\', 2);
  if (host_end == name.npos || host_end == 2) return false;
  constexpr std::string_view kPipe = R"(\pipe\)";
  return absl::EqualsIgnoreCase(ToAbsl(name.substr(host_end, kPipe.size())), ToAbsl(kPipe)) &&
         name.size() > host_end + kPipe.size();
}

}  // namespace

std::string AddressOfShortName(std::string_view name) {
  return absl::StrCat(R"(\\.\pipe\piperpc\)", ToAbsl(name));
}

absl::Status CheckAddress(std::string_view address) {
  if (address.find('\0') != address.npos) {
    return absl::InvalidArgumentError("endpoint: a pipe's name must not contain a NUL character");
  }
  std::string name(address);
  std::replace(name.begin(), name.end(), '/', '\\');  // They are the same to Windows.
  if (!HasForm(name)) {
    return Invalid(address,
                   absl::StrCat("give a short name, or the full name of a pipe: ", ToAbsl(kForm)));
  }
  if (name.back() == '\\') return Invalid(address, "a pipe's name must not end in a backslash");
  if (const std::size_t size = ToWide(name).size(); size > kMaxName) {
    return Invalid(address, absl::StrCat("it has ", size, " characters; a pipe's name has at most ",
                                         kMaxName));
  }
  return absl::OkStatus();
}

}  // namespace piperpc::base
