// Blocking reads and writes, and a server thread for each connection.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "raw_floor.h"

namespace piperpc::bench {
namespace {

constexpr std::size_t kPacket = 128 * 1024;

[[noreturn]] void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

int Socket() {
  const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
  if (fd < 0) Die("socket");
  const int size = 2 << 20;
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
  return fd;
}

sockaddr_un Address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  return address;
}

void Serve(int fd) {
  std::string buffer(kPacket, '\0');
  ssize_t size;
  while ((size = ::read(fd, buffer.data(), buffer.size())) > 0) {
    if (::write(fd, buffer.data(), static_cast<std::size_t>(size)) != size) break;
  }
  ::close(fd);
}

}  // namespace

RawServer::RawServer(const std::string& path) : address_(path) {
  const int listener = Socket();
  const sockaddr_un address = Address(path);
  if (::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    Die("bind");
  }
  if (::listen(listener, 64) != 0) Die("listen");
  std::thread([listener] {
    int fd;
    while ((fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)) >= 0) {
      std::thread(Serve, fd).detach();
    }
  }).detach();
}

RawServer::~RawServer() { ::unlink(address_.c_str()); }

class RawClient::Impl {
 public:
  explicit Impl(const std::string& path) : fd_(Socket()), buffer_(kPacket, 'r') {
    const sockaddr_un address = Address(path);
    if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
      Die("connect");
    }
  }
  ~Impl() { ::close(fd_); }

  void Send(std::size_t size) {
    for (std::size_t sent = 0; sent < size; sent += kPacket) {
      const std::size_t part = std::min(kPacket, size - sent);
      if (::write(fd_, buffer_.data(), part) != static_cast<ssize_t>(part)) Die("write");
    }
  }

  void Receive(std::size_t size) {
    for (std::size_t received = 0; received < size;) {
      const ssize_t part = ::read(fd_, buffer_.data(), buffer_.size());
      if (part <= 0) Die("read");
      received += static_cast<std::size_t>(part);
    }
  }

 private:
  const int fd_;
  std::string buffer_;
};

RawClient::RawClient(const std::string& address) : impl_(std::make_unique<Impl>(address)) {}
RawClient::~RawClient() = default;
void RawClient::Send(std::size_t size) { impl_->Send(size); }
void RawClient::Receive(std::size_t size) { impl_->Receive(size); }

}  // namespace piperpc::bench
