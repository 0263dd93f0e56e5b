// Lines from a file descriptor, with a way out of the wait.
#pragma once

#include <stop_token>
#include <string>

#include "tools/shared/input.h"

namespace piperpc::cli {

class LineReader {
 public:
  enum class Result { kLine, kEnd, kStopped, kError };

  // Reads `file`, as tools::Input does.
  explicit LineReader(int file) : input_(file) {}

  // Waits for a line and gives it without its end, "\n" or "\r\n"; the last may lack one. kStopped
  // as soon as `stop` is asked for; what has been read so far is kept for the next time. One thread
  // at a time.
  Result ReadLine(std::string& line, const std::stop_token& stop);

  // The same for all that is left, as it is.
  Result ReadAll(std::string& text, const std::stop_token& stop);

 private:
  Result Fill(const std::stop_token& stop);  // kLine: there is more in buffer_.

  tools::Input input_;
  std::string buffer_;
};

}  // namespace piperpc::cli
