// The server is Microsoft's "Named Pipe Server Using Completion Routines": one thread, ReadFileEx
// and WriteFileEx. The client writes and reads by WriteFile and ReadFile that block.
#include <windows.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include "raw_floor.h"

namespace piperpc::bench {
namespace {

constexpr std::size_t kPacket = 128 * 1024;
constexpr DWORD kBuffer = 2 << 20;

[[noreturn]] void Die(const char* what) {
  std::fprintf(stderr, "%s: error %lu\n", what, ::GetLastError());
  std::exit(1);
}

// One client. Its OVERLAPPED comes first, so that a completion routine finds the rest by it.
struct Instance {
  OVERLAPPED overlapped{};
  HANDLE pipe;
  DWORD size = 0;
  std::vector<char> packet = std::vector<char>(kPacket);
};

void CALLBACK OnRead(DWORD error, DWORD size, OVERLAPPED* overlapped);

void Drop(Instance* instance) {
  ::DisconnectNamedPipe(instance->pipe);
  ::CloseHandle(instance->pipe);
  delete instance;
}

void CALLBACK OnWritten(DWORD error, DWORD size, OVERLAPPED* overlapped) {
  auto* const instance = reinterpret_cast<Instance*>(overlapped);
  if (error != ERROR_SUCCESS || size != instance->size ||
      !::ReadFileEx(instance->pipe, instance->packet.data(), kPacket, overlapped, OnRead)) {
    Drop(instance);
  }
}

void CALLBACK OnRead(DWORD error, DWORD size, OVERLAPPED* overlapped) {
  auto* const instance = reinterpret_cast<Instance*>(overlapped);
  instance->size = size;
  if (error != ERROR_SUCCESS ||
      !::WriteFileEx(instance->pipe, instance->packet.data(), size, overlapped, OnWritten)) {
    Drop(instance);
  }
}

HANDLE NewInstance(const std::string& address) {
  const HANDLE pipe = ::CreateNamedPipeA(
      address.c_str(), PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
      PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS,
      PIPE_UNLIMITED_INSTANCES, kBuffer, kBuffer, 0, nullptr);
  if (pipe == INVALID_HANDLE_VALUE) Die("CreateNamedPipe");
  return pipe;
}

// Takes clients, and lets completion routines run while it waits for the next one.
[[noreturn]] void Serve(const std::string& address, HANDLE pipe) {
  OVERLAPPED connect{};
  connect.hEvent = ::CreateEventW(nullptr, TRUE, FALSE, nullptr);
  for (;;) {
    if (!::ConnectNamedPipe(pipe, &connect)) {
      if (::GetLastError() == ERROR_PIPE_CONNECTED) {
        ::SetEvent(connect.hEvent);
      } else if (::GetLastError() != ERROR_IO_PENDING) {
        Die("ConnectNamedPipe");
      }
    }
    while (::WaitForSingleObjectEx(connect.hEvent, INFINITE, TRUE) == WAIT_IO_COMPLETION) {
    }
    auto* const instance = new Instance{.pipe = pipe};
    OnWritten(ERROR_SUCCESS, 0, &instance->overlapped);
    pipe = NewInstance(address);
  }
}

}  // namespace

RawServer::RawServer(const std::string& address) : address_(address) {
  std::thread(Serve, address, NewInstance(address)).detach();
}

RawServer::~RawServer() = default;

class RawClient::Impl {
 public:
  explicit Impl(const std::string& address) : pipe_(Open(address)), buffer_(kPacket, 'r') {
    DWORD mode = PIPE_READMODE_MESSAGE;
    if (!::SetNamedPipeHandleState(pipe_, &mode, nullptr, nullptr)) Die("SetNamedPipeHandleState");
  }
  ~Impl() { ::CloseHandle(pipe_); }

  void Send(std::size_t size) {
    for (std::size_t sent = 0; sent < size; sent += kPacket) {
      const auto part = static_cast<DWORD>(std::min(kPacket, size - sent));
      DWORD count = 0;
      if (!::WriteFile(pipe_, buffer_.data(), part, &count, nullptr)) Die("WriteFile");
    }
  }

  void Receive(std::size_t size) {
    for (std::size_t received = 0; received < size;) {
      DWORD count = 0;
      if (!::ReadFile(pipe_, buffer_.data(), kPacket, &count, nullptr)) Die("ReadFile");
      received += count;
    }
  }

 private:
  static HANDLE Open(const std::string& address) {
    for (;;) {
      const HANDLE pipe = ::CreateFileA(address.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr,
                                        OPEN_EXISTING, 0, nullptr);
      if (pipe != INVALID_HANDLE_VALUE) return pipe;
      if (::GetLastError() != ERROR_PIPE_BUSY) Die("CreateFile");
      ::WaitNamedPipeA(address.c_str(), NMPWAIT_WAIT_FOREVER);
    }
  }

  const HANDLE pipe_;
  std::string buffer_;
};

RawClient::RawClient(const std::string& address) : impl_(std::make_unique<Impl>(address)) {}
RawClient::~RawClient() = default;
void RawClient::Send(std::size_t size) { impl_->Send(size); }
void RawClient::Receive(std::size_t size) { impl_->Receive(size); }

}  // namespace piperpc::bench
