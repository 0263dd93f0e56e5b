// A client's end of a named pipe by plain Win32 calls, overlapped so that no wait is unbounded.
#pragma once

#include <windows.h>

#include <span>
#include <string>
#include <string_view>

namespace piperpc::interop {

class RawPipe {
 public:
  // What an operation came to: an error of Win32, WAIT_TIMEOUT when it was not done in time, or
  // ERROR_MORE_DATA with the bytes of the message that there was room for.
  struct Result {
    DWORD error = ERROR_SUCCESS;
    DWORD bytes = 0;
  };

  // Opens `name` in message read mode, and waits while all its instances are taken. Fails the test
  // when there is no such pipe.
  explicit RawPipe(const std::string& name);
  RawPipe(RawPipe&& other) noexcept;
  RawPipe& operator=(RawPipe&&) = delete;
  ~RawPipe();

  Result Write(std::string_view message);
  Result Read(std::span<char> buffer);

  // Reads one message, by reads of at most 512 bytes; the error that ended it.
  DWORD ReadMessage(std::string& message);

  // How many instances the pipe has, those that wait for a client counted.
  DWORD instances() const;

  // Leaves, whatever is under way.
  void Close();

 private:
  Result Finish(BOOL done, OVERLAPPED& operation);

  HANDLE handle_ = INVALID_HANDLE_VALUE;
  HANDLE event_ = nullptr;
};

// A name that no other test uses, on this system.
std::string UniquePipeName();

// CreateFile as plain clients call it, again after WaitNamedPipe while all instances are taken.
HANDLE OpenWhenFree(const std::string& name, DWORD access, DWORD flags);

}  // namespace piperpc::interop
