#include "progress.h"

#include <array>
#include <iomanip>
#include <iostream>
#include <sstream>
#include <utility>

namespace file_copy {
namespace {

constexpr int kWidth = 40;

std::string Amount(std::uint64_t bytes) {
  constexpr std::array kUnits = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return std::to_string(bytes) + " bytes";
  double amount = static_cast<double>(bytes) / 1024;
  std::size_t unit = 0;
  for (; amount >= 1024; amount /= 1024) ++unit;
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << amount << " " << kUnits.at(unit);
  return text.str();
}

}  // namespace

std::string ProgressBar(std::uint64_t done, std::uint64_t size) {
  const double part = size == 0 ? 1 : static_cast<double>(done) / static_cast<double>(size);
  const int filled = static_cast<int>(part * kWidth);
  std::ostringstream text;
  text << "[" << std::string(filled, '=') << std::string(kWidth - filled, ' ') << "] "
       << std::setw(3) << static_cast<int>(part * 100) << " % of " << Amount(size);
  return text.str();
}

ProgressDisplay::~ProgressDisplay() {
  if (!shown_.empty()) std::cerr << "\n";
}

void ProgressDisplay::Show(std::uint64_t done, std::uint64_t size) {
  if (!on_terminal_) return;
  std::string bar = ProgressBar(done, size);
  if (bar == shown_) return;
  shown_ = std::move(bar);
  std::cerr << "\r" << shown_ << std::flush;
}

}  // namespace file_copy
