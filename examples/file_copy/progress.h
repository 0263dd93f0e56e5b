// A progress bar, on a terminal.
#pragma once

#include <cstdint>
#include <string>

namespace file_copy {

// Such as "[==========          ]  50 % of 3.0 MiB".
std::string ProgressBar(std::uint64_t done, std::uint64_t size);

// Draws the bar on standard error, again whenever its text changes.
class ProgressDisplay {
 public:
  explicit ProgressDisplay(bool on_terminal) : on_terminal_(on_terminal) {}
  ~ProgressDisplay();  // Ends the bar's line.
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  void Show(std::uint64_t done, std::uint64_t size);

 private:
  const bool on_terminal_;
  std::string shown_;
};

// In progress_linux.cc and progress_win32.cc: whether somebody sees it.
bool StandardErrorIsTerminal();

}  // namespace file_copy
