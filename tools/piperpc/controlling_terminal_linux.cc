#include "tools/piperpc/controlling_terminal_linux.h"

#include <fcntl.h>
#include <unistd.h>

#include <mutex>

namespace piperpc::cli {
namespace {

// The one that a question is asked at.
struct {
  std::mutex mutex;
  const ControllingTerminal* terminal = nullptr;
  bool ending = false;
} now;

}  // namespace

ControllingTerminal::ControllingTerminal(std::string_view prompt, Echo echo)
    : prompt_(prompt), echo_(echo), file_(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
  const std::lock_guard lock(now.mutex);
  if (file_ < 0 || now.ending || tcgetattr(file_, &before_) != 0) return;
  ok_ = TakeSilence();
  if (!ok_) return;
  now.terminal = this;
  Show(prompt_);
}

ControllingTerminal::~ControllingTerminal() {
  const std::lock_guard lock(now.mutex);
  if (ok_) GiveSilenceBack(TCSAFLUSH);
  now.terminal = nullptr;
  if (file_ >= 0) close(file_);
}

void ControllingTerminal::Show(std::string_view text) const {
  [[maybe_unused]] const ssize_t written = write(file_, text.data(), text.size());
}

bool ControllingTerminal::TakeSilence() const {
  if (echo_ == Echo::kOn) return true;
  termios silent = before_;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  return tcsetattr(file_, TCSAFLUSH, &silent) == 0;
}

void ControllingTerminal::GiveSilenceBack(int when) const {
  if (echo_ == Echo::kOff) tcsetattr(file_, when, &before_);
}

void TerminalSignals::BeforeEnd() {
  const std::lock_guard lock(now.mutex);
  if (now.terminal != nullptr) now.terminal->GiveSilenceBack(TCSANOW);
  now.ending = true;
}

void TerminalSignals::BeforeStop() {
  const std::lock_guard lock(now.mutex);
  if (now.terminal != nullptr) now.terminal->GiveSilenceBack(TCSANOW);
}

void TerminalSignals::AfterStop() {
  const std::lock_guard lock(now.mutex);
  if (now.terminal != nullptr) now.terminal->TakeSilence();
}

void TerminalSignals::AfterContinue() {
  const std::lock_guard lock(now.mutex);
  if (now.terminal == nullptr) return;
  now.terminal->TakeSilence();
  now.terminal->Show(now.terminal->prompt_);
}

}  // namespace piperpc::cli
