#include "tools/piperpc/line_reader.h"

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

Outcome LineReader::ErrorOf(Result result, const std::string& what,
                            const CommandDeadline& deadline) const {
  if (result == Result::kTimedOut) return TimedOutError("reading standard input", deadline.spent());
  const std::string why = result == Result::kTooLong ? absl::StrCat(what, " has more than ", most_,
                                                                    " bytes, which is the limit")
                                                     : input_.error().message();
  return IoError(absl::StrCat("cannot read standard input: ", why));
}

}  // namespace piperpc::cli
