// Sockets as a parent or a service manager makes them for others.
#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <string>
#include <utility>
#include <vector>

#include "piperpc/open_socket.h"
#include "src/transport/linux/socket.h"
#include "src/transport/linux/unique_fd.h"

namespace piperpc::testing {

using transport::UniqueFd;

// Both ends of a connection.
inline std::array<UniqueFd, 2> NewSocketPair(int type = SOCK_SEQPACKET) {
  std::array<int, 2> ends = {-1, -1};
  EXPECT_EQ(::socketpair(AF_UNIX, type, 0, ends.data()), 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// Listens at `path`, with a mode that lets nobody but the owner connect.
inline UniqueFd ListenAt(const std::string& path, int type = SOCK_SEQPACKET) {
  UniqueFd fd(::socket(AF_UNIX, type, 0));
  const sockaddr_un address = transport::SocketAddress(path);
  EXPECT_EQ(::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  EXPECT_EQ(::listen(fd.get(), 16), 0);
  return fd;
}

// The descriptor alone, of which nobody else knows any more.
inline int Leave(UniqueFd fd) { return ::dup(fd.get()); }

// Fails the test where it is not valid.
inline OpenSocket Take(UniqueFd fd) {
  absl::StatusOr<OpenSocket> socket = OpenSocket::Take(Leave(std::move(fd)));
  EXPECT_TRUE(socket.ok()) << socket.status();
  return *std::move(socket);
}

template <typename... Sockets>
std::vector<OpenSocket> AsVector(Sockets... sockets) {
  std::vector<OpenSocket> all;
  (all.push_back(std::move(sockets)), ...);
  return all;
}

}  // namespace piperpc::testing
