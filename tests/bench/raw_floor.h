// The floor: what the transport does with no RPC on top. Blocking reads and writes of one packet
// per call, and a server thread for each connection.
#pragma once

#include <cstddef>
#include <string>

namespace piperpc::bench {

// Echoes every packet of every connection at `path`, on threads that end with the process.
void StartRawServer(const std::string& path);

// A connection to it. Ends the program when the system refuses.
class RawClient {
 public:
  explicit RawClient(const std::string& path);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  void Send(std::size_t size);  // One packet; above 128 KiB several.
  void Receive(std::size_t size);

 private:
  int fd_;
  std::string buffer_;
};

}  // namespace piperpc::bench
