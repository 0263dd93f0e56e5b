#include "tools/piperpc/controlling_terminal_linux.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>
#include <iterator>

namespace piperpc::cli {
namespace {

// Whoever changes a terminal from the background is stopped.
bool InForeground(int terminal) { return tcgetpgrp(terminal) == getpgrp(); }

// What may come of a fault of the program, on the thread that has it, which cannot wait for
// another.
constexpr int kFaults[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};

// For their handler, which takes no lock. Changed while it is not there.
struct {
  int terminal = -1;
  termios modes = {};
  struct sigaction actions[std::size(kFaults)] = {};
} at_fault;

// Leaves the terminal as it was; then the signal does what it would have done.
void OnFault(int number) {
  if (InForeground(at_fault.terminal)) tcsetattr(at_fault.terminal, TCSANOW, &at_fault.modes);
  for (std::size_t i = 0; i < std::size(kFaults); ++i) {
    if (kFaults[i] == number) sigaction(number, &at_fault.actions[i], nullptr);
  }
  raise(number);  // Comes when this returns.
}

void CatchFaults(int terminal, const termios& modes) {
  at_fault.terminal = terminal;
  at_fault.modes = modes;
  for (std::size_t i = 0; i < std::size(kFaults); ++i) {
    struct sigaction& before = at_fault.actions[i];
    sigaction(kFaults[i], nullptr, &before);
    struct sigaction action = {};
    action.sa_handler = &OnFault;
    if (before.sa_handler != SIG_IGN) sigaction(kFaults[i], &action, nullptr);
  }
}

void LetFaultsGo() {
  for (std::size_t i = 0; i < std::size(kFaults); ++i) {
    sigaction(kFaults[i], &at_fault.actions[i], nullptr);
  }
}

// In the background this waits until the terminal is the program's, by its wish to change it.
// False: that will not be.
bool AwaitForeground(int terminal, const termios& modes) {
  return tcsetattr(terminal, TCSANOW, &modes) == 0;
}

}  // namespace

// Nothing waits for the foreground with the lock: a signal may be there to end the program.
ControllingTerminal::ControllingTerminal(std::string_view prompt, Echo echo)
    : prompt_(prompt), echo_(echo), file_(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
  if (file_ < 0 || tcgetattr(file_, &before_) != 0 || !AwaitForeground(file_, before_)) return;
  const internal::MutexLock lock(mutex_);
  if (ending_) return;
  if (echo_ == Echo::kOff) CatchFaults(file_, before_);
  current_ = this;
  ok_ = TakeSilence();
  if (ok_) Show(prompt_);
}

ControllingTerminal::~ControllingTerminal() {
  const internal::MutexLock lock(mutex_);
  GiveSilenceBack(TCSAFLUSH);
  if (current_ == this && echo_ == Echo::kOff) LetFaultsGo();
  current_ = nullptr;
  if (file_ >= 0) close(file_);
}

void ControllingTerminal::Show(std::string_view text) const {
  [[maybe_unused]] const ssize_t written = write(file_, text.data(), text.size());
}

bool ControllingTerminal::TakeSilence() {
  if (echo_ == Echo::kOn) return true;
  termios silent = before_;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  silent_ = tcsetattr(file_, TCSAFLUSH, &silent) == 0;
  return silent_;
}

// In the background the modes are somebody else's.
void ControllingTerminal::GiveSilenceBack(int when) {
  if (silent_ && InForeground(file_)) tcsetattr(file_, when, &before_);
  silent_ = false;
}

void TerminalSignals::BeforeEnd() {
  const internal::MutexLock lock(ControllingTerminal::mutex_);
  ControllingTerminal* const terminal = ControllingTerminal::current_;
  if (terminal != nullptr) terminal->GiveSilenceBack(TCSANOW);
  ControllingTerminal::ending_ = true;
}

void TerminalSignals::BeforeStop() {
  const internal::MutexLock lock(ControllingTerminal::mutex_);
  ControllingTerminal* const terminal = ControllingTerminal::current_;
  if (terminal != nullptr) terminal->GiveSilenceBack(TCSANOW);
}

bool TerminalSignals::AfterContinue() {
  const internal::MutexLock lock(ControllingTerminal::mutex_);
  ControllingTerminal* const terminal = ControllingTerminal::current_;
  if (terminal == nullptr) return true;
  if (!InForeground(terminal->file_)) return false;
  terminal->TakeSilence();
  terminal->Show(terminal->prompt_);
  return true;
}

}  // namespace piperpc::cli
