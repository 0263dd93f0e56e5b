// Lines from a file descriptor, with a way out of the wait.
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

  // Reads `file`, as tools::Input does.
  explicit LineReader(int file, std::size_t most = kMostRequestBytes) : input_(file), most_(most) {}

  // Waits for a line and gives it without its end, "\n" or "\r\n"; the last may lack one. kStopped
  // and kTimedOut as soon as `deadline` ends; what has been read so far is kept for the next time.
  // One thread at a time. kTooLong: the line, or what is left, has more than `most` bytes; there is
  // no reading on.
  Result ReadLine(std::string& line, const CommandDeadline& deadline);

  // The same for all that is left, as it is.
  Result ReadAll(std::string& text, const CommandDeadline& deadline);

  // The error for kTimedOut, kTooLong or kError of a reader of standard input, right after that.
  // `what` is read, such as "a line".
  Outcome ErrorOf(Result result, const std::string& what, const CommandDeadline& deadline) const;

  // Forgets a line of which only the beginning has come.
  void DropPartialLine() { buffer_.erase(buffer_.rfind('\n') + 1); }

 private:
  Result Fill(const CommandDeadline& deadline);  // kLine: there is more in buffer_.

  tools::Input input_;
  const std::size_t most_;
  std::string buffer_;
};

}  // namespace piperpc::cli
