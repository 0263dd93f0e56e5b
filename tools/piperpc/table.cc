#include "tools/piperpc/table.h"

#include <algorithm>
#include <array>
#include <cstddef>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "piperpc/internal/visible_text.h"

namespace piperpc::cli {
namespace {

// A number that is below ten has a digit behind its point.
std::string About(double number, const char* unit) {
  return number < 9.95 ? absl::StrFormat("%.1f%s", number, unit)
                       : absl::StrFormat("%.0f%s", number, unit);
}

}  // namespace

void Table::Add(const std::vector<std::string>& cells) {
  if (rows_.size() > kMostRows) {
    ++more_;
    return;
  }
  std::vector<std::string>& row = rows_.emplace_back();
  for (const std::string& cell : cells) {
    row.push_back(internal::VisibleBeginning(cell, kWidestCell));
  }
}

std::string Table::Text() const {
  std::vector<std::size_t> widths(rows_.front().size());
  for (const auto& row : rows_) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      absl::StrAppend(&line, row[i], std::string(widths[i] - row[i].size() + 2, ' '));
    }
    line.resize(line.find_last_not_of(' ') + 1);
    absl::StrAppend(&text, text.empty() ? "" : "\n", line);
  }
  if (more_ > 0) absl::StrAppend(&text, "\n... and ", more_, " more");
  return text;
}

std::string BytesText(std::uint64_t bytes) {
  constexpr std::array kUnits = {" KiB", " MiB", " GiB", " TiB", " PiB", " EiB"};
  if (bytes < 1024) return absl::StrCat(bytes, " B");
  double size = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  while (size >= 1023.5 && unit + 1 < kUnits.size()) {
    size /= 1024;
    ++unit;
  }
  return About(size, kUnits[unit]);
}

std::string TimeText(std::chrono::microseconds time) {
  using Seconds = std::chrono::duration<double>;
  const double seconds = Seconds(time).count();
  if (time.count() < 1000) return absl::StrCat(time.count(), "us");
  if (seconds < 0.9995) return About(seconds * 1000, "ms");
  if (seconds < 59.5) return About(seconds, "s");
  if (seconds < 3570) return absl::StrFormat("%.0fm", seconds / 60);
  if (seconds < 84600) return absl::StrFormat("%.0fh", seconds / 3600);
  return absl::StrFormat("%.0fd", seconds / 86400);
}

}  // namespace piperpc::cli
