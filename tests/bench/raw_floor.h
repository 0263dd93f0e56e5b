// The floor: what the transport does with no RPC on top. A packet there and the same packet back,
// by the plain calls of the system; each system's file says which.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

namespace piperpc::bench {

// Echoes every packet of every connection at `address`, on threads that end with the process.
class RawServer {
 public:
  explicit RawServer(const std::string& address);
  ~RawServer();  // Gives the address back. The threads go on.
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

 private:
  const std::string address_;
};

// A connection to it. Ends the program when the system refuses.
class RawClient {
 public:
  explicit RawClient(const std::string& address);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void Send(std::size_t size);  // One packet; above 128 KiB several.
  void Receive(std::size_t size);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace piperpc::bench
