#include "src/transport/win32/read.h"

#include "absl/strings/str_cat.h"
#include "src/transport/pipe.h"
#include "src/transport/wait_limit.h"
#include "src/transport/win32/error.h"
#include "src/transport/win32/handle.h"

namespace piperpc::transport {
namespace {

// I/O on the calling thread is over when the call returns, so one event does for a thread.
HANDLE ThreadEvent() {
  thread_local const UniqueHandle event(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
  return event.get();
}

// False when `deadline` has passed first. The system may wake a little early.
bool WaitFor(HANDLE event, base::TimePoint deadline) {
  while (true) {
    const DWORD limit = deadline == base::kNever
                            ? INFINITE
                            : static_cast<DWORD>(MillisecondsUntil(deadline, INFINITE - 1));
    if (::WaitForSingleObject(event, limit) == WAIT_OBJECT_0) return true;
    if (limit == 0) return false;
  }
}

std::size_t LeftInMessage(HANDLE pipe) {
  DWORD left = 0;
  ::PeekNamedPipe(pipe, nullptr, 0, nullptr, nullptr, &left);
  return left;
}

}  // namespace

DWORD ReadUntil(HANDLE pipe, std::span<char> buffer, base::TimePoint deadline, std::size_t& bytes) {
  const HANDLE event = ThreadEvent();
  if (event == nullptr) return ERROR_NO_SYSTEM_RESOURCES;
  OVERLAPPED overlapped = {};
  // The lowest bit: a pipe of a loop must not send a packet there.
  overlapped.hEvent = reinterpret_cast<HANDLE>(reinterpret_cast<ULONG_PTR>(event) | 1);
  DWORD error = ERROR_SUCCESS;
  if (!::ReadFile(pipe, buffer.data(), static_cast<DWORD>(buffer.size()), nullptr, &overlapped)) {
    error = ::GetLastError();
  }
  bool in_time = true;
  if (error == ERROR_IO_PENDING) {
    in_time = WaitFor(event, deadline);
    if (!in_time) ::CancelIoEx(pipe, &overlapped);
    if (!in_time) WaitFor(event, base::kNever);
  } else if (error != ERROR_SUCCESS && error != ERROR_MORE_DATA) {
    return error;
  }
  DWORD transferred = 0;
  const BOOL done = ::GetOverlappedResult(pipe, &overlapped, &transferred, FALSE);
  bytes = transferred;
  if (done) return ERROR_SUCCESS;
  error = ::GetLastError();
  return !in_time && error == ERROR_OPERATION_ABORTED ? DWORD{WAIT_TIMEOUT} : error;
}

absl::Status CheckRead(HANDLE pipe, DWORD error, std::size_t bytes) {
  if (error == ERROR_MORE_DATA) {
    return absl::OutOfRangeError(absl::StrCat("a packet of ", bytes + LeftInMessage(pipe),
                                              " bytes arrived; the limit is ", kMaxPacketBytes));
  }
  if (error == WAIT_TIMEOUT) return absl::DeadlineExceededError("");
  if (error != ERROR_SUCCESS) return PipeError(error, "ReadFile");
  // As on every other system: a packet without a byte is the end.
  if (bytes == 0) {
    return absl::UnavailableError("the peer has closed the pipe (with an empty packet)");
  }
  return absl::OkStatus();
}

}  // namespace piperpc::transport
