// Reads from an open file, with a deadline and a stop token.
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

  // Waits for input and appends what is there to `bytes`. Input from a terminal is UTF-8. kStopped
  // when `stop` is requested, kTimedOut from `end` on, even when there is input, which is kept for
  // the next call. One thread at a time.
  Result Read(std::string& bytes, const std::stop_token& stop,
              std::optional<TimePoint> end = std::nullopt);

  // The error of the last Read() that returned kError.
  std::error_code error() const;

 private:
  class Impl;
  const std::unique_ptr<Impl> impl_;
};

// True when `file` is a terminal.
bool IsTerminal(int file);

}  // namespace piperpc::tools
