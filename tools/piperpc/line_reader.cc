#include "tools/piperpc/line_reader.h"

#include <cerrno>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"

namespace piperpc::cli {

LineReader::Result LineReader::ReadLine(std::string& line, const CommandDeadline& deadline) {
  std::size_t searched = 0;
  std::size_t newline;
  while ((newline = buffer_.find('\n', searched)) == std::string::npos) {
    searched = buffer_.size();
    const Result filled = Fill(deadline);
    if (filled == Result::kLine) continue;
    if (filled != Result::kEnd || buffer_.empty()) return filled;
    line = std::exchange(buffer_, {});
    return Result::kLine;
  }
  line = buffer_.substr(0, newline);
  if (line.ends_with('\r')) line.pop_back();
  buffer_.erase(0, newline + 1);
  return Result::kLine;
}

LineReader::Result LineReader::ReadAll(std::string& text, const CommandDeadline& deadline) {
  Result filled = Result::kLine;
  while (filled == Result::kLine) filled = Fill(deadline);
  text = std::exchange(buffer_, {});
  return filled;
}

LineReader::Result LineReader::Fill(const CommandDeadline& deadline) {
  if (buffer_.size() > most_) return Result::kTooLong;
  errno = 0;  // For InputError(): not every error of a read sets it.
  switch (input_.Read(buffer_, deadline.stop(), deadline.end())) {
    case tools::Input::Result::kBytes:
      return Result::kLine;
    case tools::Input::Result::kEnd:
      return Result::kEnd;
    case tools::Input::Result::kStopped:
      return Result::kStopped;
    case tools::Input::Result::kTimedOut:
      return Result::kTimedOut;
    case tools::Input::Result::kError:
      break;
  }
  return Result::kError;
}

Outcome InputError(LineReader::Result result, std::string_view what,
                   const CommandDeadline& deadline) {
  const int error = errno;
  if (result == LineReader::Result::kTimedOut) {
    return TimedOutError("reading standard input", deadline.spent());
  }
  const std::string why =
      result == LineReader::Result::kTooLong
          ? absl::StrCat(std::string(what), " has more than ", kMostRequestBytes,
                         " bytes, which is the limit")
          : (error == 0 ? "input error" : std::generic_category().message(error));
  return IoError(absl::StrCat("cannot read standard input: ", why));
}

}  // namespace piperpc::cli
