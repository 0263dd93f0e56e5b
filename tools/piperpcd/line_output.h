// Lines that are written by a thread of their own.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include "absl/status/status.h"

namespace piperpc::daemon {

// Whoever writes a line never waits for who reads it: a standard stream may be a pipe that is full.
// Thread-safe.
class LineOutput {
 public:
  // Gives why it cannot write. May block, for ever. Called on the output's thread, and never after
  // it has blocked in there.
  using Sink = std::function<std::error_code(std::string_view bytes)>;

  static constexpr std::chrono::milliseconds kFlushLimit{1000};

  // Keeps up to `limit_bytes` of lines that the sink has not taken.
  LineOutput(Sink sink, std::size_t limit_bytes);
  ~LineOutput();  // Waits up to kFlushLimit; a sink that still blocks is left to itself.
  LineOutput(const LineOutput&) = delete;
  LineOutput& operator=(const LineOutput&) = delete;

  // Takes a line, with its newline. False, and nothing was taken: there is no room for it.
  bool Write(std::string line);

  // Waits until all lines have been written. DEADLINE_EXCEEDED: they were not within `limit`, as
  // nobody reads them; DATA_LOSS: one of them could not be; RESOURCE_EXHAUSTED: the system gives no
  // thread to write them.
  absl::Status Flush(std::chrono::milliseconds limit);

 private:
  struct State;
  const std::shared_ptr<State> state_;  // Shared with the thread, which may never end.
};

}  // namespace piperpc::daemon
