// What goes wrong in a run, and how often.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "simulation/random.h"

namespace piperpc::simulation {

// Rates are per mille, of packets or of connects.
struct Faults {
  std::uint64_t lose = 0;            // The connection, at this packet.
  std::uint64_t refuse_send = 0;     // Memory for it, by the sender's system.
  std::uint64_t refuse_receive = 0;  // The same by the receiver's.
  std::uint64_t stall = 0;           // The pipe is full for a while.
  std::uint64_t refuse_connect = 0;  // No server, no memory, or a full queue.
  std::chrono::microseconds delay{0};
  std::chrono::microseconds longest_stall{0};
  bool tight_memory = false;           // The server has little for all messages together.
  std::size_t capacity = 1024 * 1024;  // Bytes that a pipe holds.

  // Of a run; of some runs none.
  static Faults Draw(Random& random);
};

}  // namespace piperpc::simulation
