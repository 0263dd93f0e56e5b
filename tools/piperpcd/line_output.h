// Writes lines on a thread of its own.
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

// Write() never waits for the reader of the output, which may be a full pipe. Thread-safe.
class LineOutput {
 public:
  // Writes bytes, and returns the error if it cannot. May block, even for ever. Called on the
  // output's thread.
  using Sink = std::function<std::error_code(std::string_view bytes)>;

  static constexpr std::chrono::milliseconds kFlushLimit{1000};

  // Keeps up to `limit_bytes` of lines that are not written yet.
  LineOutput(Sink sink, std::size_t limit_bytes);
  ~LineOutput();  // Waits up to kFlushLimit; a thread whose sink still blocks is abandoned.
  LineOutput(const LineOutput&) = delete;
  LineOutput& operator=(const LineOutput&) = delete;

  // Queues a line, which includes its newline. False: it exceeds the limit and was not queued.
  bool Write(std::string line);

  // Waits until all lines have been written. DEADLINE_EXCEEDED: not within `limit`, because nobody
  // reads them; DATA_LOSS: a line could not be written; RESOURCE_EXHAUSTED: the system refuses the
  // thread.
  absl::Status Flush(std::chrono::milliseconds limit);

 private:
  struct State;
  const std::shared_ptr<State> state_;  // Shared with the thread, which may never end.
};

}  // namespace piperpc::daemon
