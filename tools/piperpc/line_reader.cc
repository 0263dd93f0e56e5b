#include "tools/piperpc/line_reader.h"

#include <utility>

namespace piperpc::cli {

LineReader::Result LineReader::ReadLine(std::string& line, const std::stop_token& stop) {
  std::size_t searched = 0;
  std::size_t newline;
  while ((newline = buffer_.find('\n', searched)) == std::string::npos) {
    searched = buffer_.size();
    const Result filled = Fill(stop);
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

LineReader::Result LineReader::ReadAll(std::string& text, const std::stop_token& stop) {
  Result filled = Result::kLine;
  while (filled == Result::kLine) filled = Fill(stop);
  text = std::exchange(buffer_, {});
  return filled;
}

LineReader::Result LineReader::Fill(const std::stop_token& stop) {
  if (buffer_.size() > most_) return Result::kTooLong;
  switch (input_.Read(buffer_, stop)) {
    case tools::Input::Result::kBytes:
      return Result::kLine;
    case tools::Input::Result::kEnd:
      return Result::kEnd;
    case tools::Input::Result::kStopped:
      return Result::kStopped;
    case tools::Input::Result::kError:
      break;
  }
  return Result::kError;
}

}  // namespace piperpc::cli
