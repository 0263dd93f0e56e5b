// A terminal that does not show what is typed, for a moment.
#pragma once

#include <termios.h>

#include <string_view>

namespace piperpc::cli {

// The controlling terminal, where there is one.
class Terminal {
 public:
  Terminal();
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  bool ok() const { return file_ >= 0; }
  int file() const { return file_; }

  // A prompt that cannot be shown is no reason not to read.
  void Show(std::string_view text) const;

 private:
  const int file_;
};

// The controlling terminal, silent while this lives. One at a time.
class SilentTerminal {
 public:
  SilentTerminal();
  ~SilentTerminal();
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

  bool ok() const { return silent_; }
  const Terminal& terminal() const { return terminal_; }

 private:
  const Terminal terminal_;
  termios before_ = {};
  bool silent_ = false;
};

// For a program that is about to end on the spot: makes the terminal show again what is typed. From
// then on none can be made silent. Any thread.
void LeaveTerminalsAsTheyWere();

}  // namespace piperpc::cli
