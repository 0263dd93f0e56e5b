// What comes in on an open file, with a way out of the wait.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <system_error>

namespace piperpc::tools {

inline constexpr int kStandardInput = 0;
inline constexpr int kStandardOutput = 1;

class Input {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  enum class Result { kBytes, kEnd, kStopped, kTimedOut, kError };

  // Reads `file`, a file descriptor of the C library, without owning it: a file, a pipe or a
  // terminal. It stays open as long as this lives.
  explicit Input(int file);
  ~Input();
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;

  // Waits for bytes and appends those that are there to `bytes`. From a terminal they are UTF-8.
  // kStopped as soon as `stop` is asked for, kTimedOut from `end` on, also when there are bytes;
  // what comes afterwards is kept for the next time. One thread at a time.
  Result Read(std::string& bytes, const std::stop_token& stop,
              std::optional<TimePoint> end = std::nullopt);

  // Why the last Read() gave kError.
  std::error_code error() const;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

// Says whether `file` is a terminal, where a person types or reads.
bool IsTerminal(int file);

}  // namespace piperpc::tools
