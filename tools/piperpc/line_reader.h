// Lines from a file descriptor, with a way out of the wait.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

namespace piperpc::cli {

class LineReader {
 public:
  enum class Result { kLine, kEnd, kStopped, kError };

  // Reads `file`, an open file of this system, without owning it.
  explicit LineReader(int file) : file_(file) {}
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // Waits for a line and gives it without its newline; the last may lack one. kStopped as soon as
  // `stop` is asked for; what has been read so far is kept for the next time. One thread at a time.
  Result ReadLine(std::string& line, const std::stop_token& stop);

  // The same for all that is left.
  Result ReadAll(std::string& text, const std::stop_token& stop);

 private:
  Result Fill(const std::stop_token& stop);  // kLine: there is more in buffer_.

  const int file_;
  std::string buffer_;
};

// Says whether lines typed by a person come from there.
bool IsTerminal(int file);

inline constexpr int kStandardInput = 0;
inline constexpr int kStandardOutput = 1;

}  // namespace piperpc::cli
