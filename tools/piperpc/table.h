// Text in columns, for people.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace piperpc::cli {

// Rows of cells, of which each column is as wide as its widest cell.
class Table {
 public:
  explicit Table(std::vector<std::string> head) { rows_.push_back(std::move(head)); }

  // As many cells as the head has.
  void Add(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

  // One line for each row, without spaces at their ends, and without a newline at the last.
  std::string Text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

// "0 B", "1.5 KiB", "23 GiB".
std::string BytesText(std::uint64_t bytes);

// "12us", "1.5ms", "2.0s", "3m", "4h", "5d": about.
std::string TimeText(std::chrono::microseconds time);

}  // namespace piperpc::cli
