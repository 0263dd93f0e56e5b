#include "piperpc/service_manager.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "src/base/text.h"
#include "src/transport/linux/folder.h"
#include "src/transport/linux/unique_fd.h"

namespace piperpc {
namespace {

using Text = std::optional<std::string>;  // A variable; none: it is not set.

constexpr int kFirstDescriptor = 3;       // SD_LISTEN_FDS_START.
constexpr int kMostDescriptors = 10'000;  // Far above what a socket unit has.
constexpr timeval kNotifyLimit = {.tv_sec = 1, .tv_usec = 0};

// Its value, and it is gone.
Text TakeVariable(const char* name) {
  const char* const value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): see the header.
  if (value == nullptr) return std::nullopt;
  std::string text = value;
  ::unsetenv(name);  // NOLINT(concurrency-mt-unsafe)
  return text;
}

template <typename Number>
absl::StatusOr<Number> ParseNumber(std::string_view name, const std::string& text, Number least,
                                   Number most) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error == std::errc() && rest == end && number >= least && number <= most) return number;
  return absl::InvalidArgumentError(
      absl::StrCat(base::ToAbsl(name), "=\"", text, "\" is not valid: it must be a number from ",
                   least, " to ", most, ", as a service manager sets it"));
}

// Whether variables are for this process: `name`, if it is set, says for which they are.
absl::StatusOr<bool> IsForUs(const char* name, bool if_unset) {
  const Text text = TakeVariable(name);
  if (!text) return if_unset;
  const auto pid = ParseNumber<std::int32_t>(name, *text, 1, INT32_MAX);
  if (!pid.ok()) return pid.status();
  return *pid == ::getpid();
}

// One for each descriptor; without the variable, empty ones.
absl::StatusOr<std::vector<std::string>> Names(const Text& text, std::size_t count) {
  if (!text || count == 0) return std::vector<std::string>(count);
  std::vector<std::string> names = absl::StrSplit(*text, ':');
  if (names.size() == count) return names;
  return absl::InvalidArgumentError(absl::StrCat("LISTEN_FDNAMES=\"", *text, "\" has ",
                                                 names.size(), " names, but LISTEN_FDS is ", count,
                                                 "; there must be one for each"));
}

absl::StatusOr<std::vector<OpenSocket>> TakeDescriptors(int count,
                                                        const std::vector<std::string>& names) {
  for (int i = 0; i < count; ++i) ::fcntl(kFirstDescriptor + i, F_SETFD, FD_CLOEXEC);
  std::vector<OpenSocket> sockets;
  for (int i = 0; i < count; ++i) {
    absl::StatusOr<OpenSocket> socket = OpenSocket::Take(kFirstDescriptor + i, names[i]);
    if (!socket.ok()) {
      for (OpenSocket& taken : sockets) taken.Release();
      return absl::Status(socket.status().code(),
                          absl::StrCat("LISTEN_FDS: ", socket.status().message()));
    }
    sockets.push_back(*std::move(socket));
  }
  return sockets;
}

absl::StatusOr<std::vector<OpenSocket>> SocketsOfEnvironment() {
  const Text count_text = TakeVariable("LISTEN_FDS");
  const Text names_text = TakeVariable("LISTEN_FDNAMES");
  const absl::StatusOr<bool> ours = IsForUs("LISTEN_PID", false);
  if (!ours.ok()) return ours.status();
  if (!*ours || !count_text) return std::vector<OpenSocket>();
  const auto count = ParseNumber<int>("LISTEN_FDS", *count_text, 0, kMostDescriptors);
  if (!count.ok()) return count.status();
  const auto names = Names(names_text, static_cast<std::size_t>(*count));
  if (!names.ok()) return names.status();
  return TakeDescriptors(*count, *names);
}

absl::StatusOr<std::optional<std::chrono::microseconds>> WatchdogOfEnvironment() {
  const Text text = TakeVariable("WATCHDOG_USEC");
  const absl::StatusOr<bool> ours = IsForUs("WATCHDOG_PID", true);
  if (!ours.ok()) return ours.status();
  if (!*ours || !text) return std::nullopt;
  const auto time = ParseNumber<std::int64_t>("WATCHDOG_USEC", *text, 1, INT64_MAX);
  if (!time.ok()) return time.status();
  return std::chrono::microseconds(*time);
}

absl::Status NotifyError(std::string_view what, int error) {
  const std::string text = absl::StrCat("cannot notify the service manager: ", base::ToAbsl(what),
                                        ": ", transport::ErrnoText(error));
  return error == EAGAIN ? absl::DeadlineExceededError(text) : absl::UnavailableError(text);
}

absl::Status SendTo(const std::string& address, std::string_view lines) {
  sockaddr_un to = {};
  to.sun_family = AF_UNIX;
  std::copy(address.begin(), address.end(), to.sun_path);
  if (address.front() == '@') to.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + address.size());
  const transport::UniqueFd fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd) return NotifyError("socket", errno);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &kNotifyLimit, sizeof(kNotifyLimit));
  while (::sendto(fd.get(), lines.data(), lines.size(), MSG_NOSIGNAL,
                  reinterpret_cast<const sockaddr*>(&to), size) < 0) {
    if (errno != EINTR) return NotifyError(address, errno);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ServiceManager> ServiceManager::FromEnvironment() {
  ServiceManager manager;
  manager.notify_address_ = TakeVariable("NOTIFY_SOCKET").value_or("");
  auto watchdog = WatchdogOfEnvironment();
  auto sockets = SocketsOfEnvironment();  // Whatever became of that: the variables must go.
  if (!watchdog.ok()) return watchdog.status();
  if (!sockets.ok()) return sockets.status();
  manager.watchdog_ = *watchdog;
  manager.sockets_ = *std::move(sockets);
  return manager;
}

std::vector<OpenSocket> ServiceManager::TakeSockets() { return std::exchange(sockets_, {}); }

absl::Status ServiceManager::Notify(std::string_view lines) const {
  if (!has_listener()) return absl::OkStatus();
  const char first = notify_address_.front();
  const bool fits = notify_address_.size() < sizeof(sockaddr_un::sun_path);
  if ((first == '/' || first == '@') && notify_address_.size() > 1 && fits) {
    return SendTo(notify_address_, lines);
  }
  return absl::UnimplementedError(
      absl::StrCat("cannot notify the service manager: NOTIFY_SOCKET=\"", notify_address_,
                   "\" is neither a path from the root nor \"@\" and a name, of at most ",
                   sizeof(sockaddr_un::sun_path) - 1, " bytes"));
}

}  // namespace piperpc
