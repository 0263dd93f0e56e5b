#include "src/transport/win32/connect.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "piperpc/peer.h"
#include "src/base/wide_win32.h"
#include "src/transport/wait_limit.h"
#include "src/transport/win32/error.h"
#include "src/transport/win32/pipe.h"
#include "src/transport/win32/security.h"

namespace piperpc::transport {
namespace {

// A server that ends is not noticed by WaitNamedPipe on every system; so it is asked again.
constexpr std::int64_t kLongestWait = 1000;

bool NobodyThere(DWORD error) {
  switch (error) {
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_BAD_NETPATH:
    case ERROR_BAD_NET_NAME:
    case ERROR_HOST_UNREACHABLE:
    case ERROR_NETWORK_UNREACHABLE:
      return true;
    default:
      return false;
  }
}

// Every instance is taken, or was when we came; WaitNamedPipe tells of a free one, which another
// client may get first.
bool Busy(DWORD error) { return error == ERROR_PIPE_BUSY; }

absl::Status ConnectError(DWORD error, const Endpoint& endpoint, base::Duration waited) {
  const std::string where = endpoint.ToString();
  const std::string reason = ErrorText(error);
  if (NobodyThere(error)) {
    return absl::UnavailableError(absl::StrCat("no server at ", where, ": ", reason));
  }
  if (Busy(error)) {
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(waited).count();
    return absl::DeadlineExceededError(absl::StrCat("could not connect to ", where, " within ",
                                                    milliseconds,
                                                    " ms: all instances of its pipe are in use"));
  }
  if (error == ERROR_ACCESS_DENIED) {
    return absl::PermissionDeniedError(
        absl::StrCat(where, " does not admit user ", OwnPeer().user, ": ", reason));
  }
  return PipeError(error, absl::StrCat("cannot connect to ", where));
}

absl::StatusOr<std::unique_ptr<Pipe>> MakePipe(UniqueHandle handle, const Endpoint& endpoint) {
  DWORD mode = PIPE_READMODE_MESSAGE | PIPE_WAIT;
  if (!::SetNamedPipeHandleState(handle.get(), &mode, nullptr, nullptr)) {
    const DWORD error = ::GetLastError();
    if (error != ERROR_INVALID_PARAMETER) return PipeError(error, "SetNamedPipeHandleState");
    return NotAServer(endpoint.ToString(), "its pipe does not keep message boundaries");
  }
  absl::StatusOr<Peer> server = CheckServer(handle.get(), endpoint);
  if (!server.ok()) return server.status();
  return NamedPipe::New(std::move(handle), *std::move(server), ConnectionSlots::Slot());
}

}  // namespace

absl::StatusOr<std::unique_ptr<Pipe>> ConnectNamed(PipeCalls& calls, const Endpoint& endpoint,
                                                   const ConnectOptions& options) {
  const base::TimePoint start = base::Clock::now();
  const PipeCalls::OpenPipe arguments = OpenArguments(endpoint);
  while (true) {
    UniqueHandle handle(calls.Open(arguments));
    if (handle) return MakePipe(std::move(handle), endpoint);
    const DWORD error = ::GetLastError();
    const std::int64_t left = MillisecondsUntil(options.deadline, kLongestWait);
    if (!Busy(error) || left == 0) return ConnectError(error, endpoint, base::Clock::now() - start);
    ::WaitNamedPipeW(arguments.name.c_str(), static_cast<DWORD>(left));
  }
}

}  // namespace piperpc::transport
