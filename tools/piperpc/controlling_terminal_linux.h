// The controlling terminal while a question is asked there.
#pragma once

#include <termios.h>

#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"

namespace piperpc::cli {

enum class Echo { kOn, kOff };

// Shows a prompt, and with kOff nothing of what is typed while this lives. One at a time.
class ControllingTerminal {
 public:
  ControllingTerminal(std::string_view prompt, Echo echo);
  ~ControllingTerminal();
  ControllingTerminal(const ControllingTerminal&) = delete;
  ControllingTerminal& operator=(const ControllingTerminal&) = delete;

  // False: there is none, or it cannot be made silent.
  bool ok() const { return ok_; }
  int file() const { return file_; }

  // A text that cannot be shown is no reason not to read.
  void Show(std::string_view text) const;

 private:
  friend class TerminalSignals;
  bool TakeSilence() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void GiveSilenceBack(int when) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  static inline internal::Mutex mutex_;
  // The one that a question is asked at.
  static inline ControllingTerminal* current_ ABSL_GUARDED_BY(mutex_) = nullptr;
  static inline bool ending_ ABSL_GUARDED_BY(mutex_) = false;

  const std::string prompt_;
  const Echo echo_;
  const int file_;
  termios before_ = {};
  bool ok_ = false;
  bool silent_ ABSL_GUARDED_BY(mutex_) = false;
};

// What becomes of that terminal when a signal comes. For the thread that takes the signals. Those
// that come of a fault, or of abort(), are the terminal's own concern.
class TerminalSignals {
 public:
  // The program is about to end on the spot. From then on no terminal is made silent.
  static void BeforeEnd();

  // It is about to stop, and the terminal is the shell's until then: it shows again what is typed.
  static void BeforeStop();

  // It goes on, after SIGCONT, which also follows a stop that nobody can take: asks again. False:
  // it is in the background, where nobody can be asked.
  static bool AfterContinue();
};

}  // namespace piperpc::cli
