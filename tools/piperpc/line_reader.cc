#include "tools/piperpc/line_reader.h"

#include <utility>

namespace piperpc::cli {

LineReader::Result LineReader::ReadLine(std::string& line, const Patience& patience) {
  std::size_t searched = 0;
  std::size_t newline;
  while ((newline = buffer_.find('\n', searched)) == std::string::npos) {
    searched = buffer_.size();
    const Result filled = Fill(patience);
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

LineReader::Result LineReader::ReadAll(std::string& text, const Patience& patience) {
  Result filled = Result::kLine;
  while (filled == Result::kLine) filled = Fill(patience);
  text = std::exchange(buffer_, {});
  return filled;
}

LineReader::Result LineReader::Fill(const Patience& patience) {
  if (buffer_.size() > most_) return Result::kTooLong;
  switch (input_.Read(buffer_, patience.stop(), patience.end())) {
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

}  // namespace piperpc::cli
