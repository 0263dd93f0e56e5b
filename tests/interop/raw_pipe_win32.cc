#include "interop/raw_pipe_win32.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <utility>

namespace piperpc::interop {
namespace {

constexpr DWORD kPatienceMs = 20'000;

}  // namespace

std::string UniquePipeName() {
  static std::atomic<int> count = 0;
  return R"(\\.\pipe\piperpc-interop-)" + std::to_string(::GetCurrentProcessId()) + "-" +
         std::to_string(++count);
}

HANDLE OpenWhenFree(const std::string& name, DWORD access, DWORD flags) {
  const ULONGLONG limit = ::GetTickCount64() + kPatienceMs;
  do {
    const HANDLE handle =
        ::CreateFileA(name.c_str(), access, 0, nullptr, OPEN_EXISTING, flags, nullptr);
    if (handle != INVALID_HANDLE_VALUE) return handle;
    if (::GetLastError() != ERROR_PIPE_BUSY) break;
    ::WaitNamedPipeA(name.c_str(), kPatienceMs);
  } while (::GetTickCount64() < limit);
  ADD_FAILURE() << "cannot open " << name << ": error " << ::GetLastError();
  return INVALID_HANDLE_VALUE;
}

RawPipe::RawPipe(const std::string& name)
    : handle_(OpenWhenFree(name, GENERIC_READ | GENERIC_WRITE, FILE_FLAG_OVERLAPPED)),
      event_(::CreateEventW(nullptr, TRUE, FALSE, nullptr)) {
  DWORD mode = PIPE_READMODE_MESSAGE;
  EXPECT_TRUE(::SetNamedPipeHandleState(handle_, &mode, nullptr, nullptr)) << ::GetLastError();
}

RawPipe::RawPipe(RawPipe&& other) noexcept
    : handle_(std::exchange(other.handle_, INVALID_HANDLE_VALUE)),
      event_(std::exchange(other.event_, nullptr)) {}

RawPipe::~RawPipe() {
  Close();
  if (event_ != nullptr) ::CloseHandle(event_);
}

DWORD RawPipe::instances() const {
  DWORD count = 0;
  EXPECT_TRUE(::GetNamedPipeHandleStateA(handle_, nullptr, &count, nullptr, nullptr, nullptr, 0))
      << ::GetLastError();
  return count;
}

void RawPipe::Close() {
  if (handle_ != INVALID_HANDLE_VALUE) ::CloseHandle(handle_);
  handle_ = INVALID_HANDLE_VALUE;
}

RawPipe::Result RawPipe::Finish(BOOL done, OVERLAPPED& operation) {
  DWORD error = done ? ERROR_SUCCESS : ::GetLastError();
  // ERROR_MORE_DATA at once is an operation that has finished, as success at once is.
  if (error != ERROR_SUCCESS && error != ERROR_IO_PENDING && error != ERROR_MORE_DATA) {
    return {.error = error};
  }
  bool late = false;
  if (::WaitForSingleObject(event_, kPatienceMs) != WAIT_OBJECT_0) {
    late = true;
    ::CancelIoEx(handle_, &operation);
  }
  DWORD bytes = 0;
  error =
      ::GetOverlappedResult(handle_, &operation, &bytes, TRUE) ? ERROR_SUCCESS : ::GetLastError();
  if (late) error = WAIT_TIMEOUT;
  return {.error = error, .bytes = bytes};
}

RawPipe::Result RawPipe::Write(std::string_view message) {
  OVERLAPPED operation{};
  operation.hEvent = event_;
  return Finish(
      ::WriteFile(handle_, message.data(), static_cast<DWORD>(message.size()), nullptr, &operation),
      operation);
}

RawPipe::Result RawPipe::Read(std::span<char> buffer) {
  OVERLAPPED operation{};
  operation.hEvent = event_;
  return Finish(
      ::ReadFile(handle_, buffer.data(), static_cast<DWORD>(buffer.size()), nullptr, &operation),
      operation);
}

DWORD RawPipe::ReadMessage(std::string& message) {
  message.clear();
  std::array<char, 512> buffer;
  Result result;
  do {
    result = Read(buffer);
    message.append(buffer.data(), result.bytes);
  } while (result.error == ERROR_MORE_DATA);
  return result.error;
}

}  // namespace piperpc::interop
