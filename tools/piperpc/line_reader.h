// Reads lines from a file, with a deadline and a stop token.
#pragma once

#include <string>

#include "tools/piperpc/command_deadline.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/files.h"
#include "tools/shared/input.h"

namespace piperpc::cli {

class LineReader {
 public:
  enum class Result { kLine, kEnd, kStopped, kTimedOut, kTooLong, kError };

  // Reads `file` as tools::Input does. Lines have at most `most` bytes.
  explicit LineReader(int file, std::size_t most = kMostRequestBytes) : input_(file), most_(most) {}

  // Waits for a line and returns it without its end, "\n" or "\r\n", which the last line may lack.
  // kStopped or kTimedOut when `deadline` ends; what was read so far is kept for the next call.
  // kTooLong: the line has more than `most` bytes; nothing more can be read. One thread at a time.
  Result ReadLine(std::string& line, const CommandDeadline& deadline);

  // The same for the rest of the file, unchanged.
  Result ReadAll(std::string& text, const CommandDeadline& deadline);

  // The error for kTimedOut, kTooLong or kError, right after it, when `file` is standard input.
  // `what` was being read, such as "a line".
  Outcome ErrorOf(Result result, const std::string& what, const CommandDeadline& deadline) const;

  // Discards the beginning of a line that is not complete.
  void DropPartialLine() { buffer_.erase(buffer_.rfind('\n') + 1); }

 private:
  Result Fill(const CommandDeadline& deadline);  // kLine: there is more in buffer_.

  tools::Input input_;
  const std::size_t most_;
  std::string buffer_;
};

}  // namespace piperpc::cli
