// Text in columns, for people.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace piperpc::cli {

// Rows of cells, of which each column is as wide as its widest cell.
class Table {
 public:
  // What is added beyond these is not shown, or cut: what a server says may be of any size.
  static constexpr std::size_t kMostRows = 1000;
  static constexpr std::size_t kWidestCell = 64;

  explicit Table(std::vector<std::string> head) { rows_.push_back(std::move(head)); }

  // As many cells as the head has. Control characters are escaped.
  void Add(const std::vector<std::string>& cells);

  // One line for each row, and one that says how many more there are, without spaces at their ends,
  // and without a newline at the last.
  std::string Text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
  std::size_t more_ = 0;
};

// "0 B", "1.5 KiB", "23 GiB".
std::string BytesText(std::uint64_t bytes);

// "12us", "1.5ms", "2.0s", "3m", "4h", "5d": about.
std::string TimeText(std::chrono::microseconds time);

}  // namespace piperpc::cli
