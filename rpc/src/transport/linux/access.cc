#include "src/transport/linux/access.h"

#include <charconv>

#include "absl/strings/str_cat.h"
#include "src/base/text.h"

namespace piperpc::transport {
namespace {

constexpr mode_t kHighestMode = 0777;
constexpr mode_t kMayConnect = 0222;  // Who may write to a socket may connect to it.

absl::StatusOr<mode_t> RawMode(const std::string& raw) {
  mode_t mode = 0;
  const char* end = raw.data() + raw.size();
  const auto [rest, error] = std::from_chars(raw.data(), end, mode, 8);
  const bool valid = error == std::errc() && rest == end && mode <= kHighestMode;
  if (valid && (mode & kMayConnect) != 0) return mode;
  if (valid) {
    return absl::InvalidArgumentError(absl::StrCat(
        "access \"", raw, "\": nobody could connect, because a client needs write access; ",
        "grant it, as in \"0600\""));
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "access \"", raw,
      "\": on this system it must be a file mode in octal, 0 to 0777, as in \"0660\""));
}

absl::Status NoRemoteClients(std::string_view endpoint) {
  return absl::FailedPreconditionError(absl::StrCat(
      "endpoint ", base::ToAbsl(endpoint), ": remote clients are not available on this system"));
}

absl::StatusOr<mode_t> ModeOf(const Access& access) {
  switch (access.preset) {
    case Access::Preset::kOwner:
      return 0600;
    case Access::Preset::kGroup:
      return 0660;
    case Access::Preset::kAuthenticatedUsers:
      return 0666;
    case Access::Preset::kRaw:
      break;
  }
  return RawMode(access.raw);
}

}  // namespace

absl::Status CheckAccessWithoutFile(std::string_view endpoint, const Access& access,
                                    std::string_view no_mode) {
  if (access.remote_clients) return NoRemoteClients(endpoint);
  if (access.preset != Access::Preset::kRaw) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("endpoint ", base::ToAbsl(endpoint),
                                                    ": access \"raw:", access.raw,
                                                    "\" is a file mode; ", base::ToAbsl(no_mode)));
}

absl::StatusOr<mode_t> SocketMode(const Access& access, const Endpoint& endpoint) {
  if (access.remote_clients) return NoRemoteClients(endpoint.text());
  absl::StatusOr<mode_t> mode = ModeOf(access);
  if (mode.ok() && (*mode & 077) != 0 && endpoint.is_short_name()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "endpoint ", endpoint.text(), ": access for users other than the owner needs a path, in a ",
        "directory that they may search; the directory of a short name (", endpoint.address(),
        ") is private"));
  }
  return mode;
}

}  // namespace piperpc::transport
