#include "tools/piperpc/silent_terminal_linux.h"

#include <fcntl.h>
#include <unistd.h>

#include <mutex>

namespace piperpc::cli {
namespace {

// What a program that ends on the spot has to put back.
struct {
  std::mutex mutex;
  int file = -1;
  termios before = {};
  bool ending = false;
} silent_now;

}  // namespace

Terminal::Terminal() : file_(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {}

Terminal::~Terminal() {
  if (ok()) close(file_);
}

void Terminal::Show(std::string_view text) const {
  [[maybe_unused]] const ssize_t written = write(file_, text.data(), text.size());
}

SilentTerminal::SilentTerminal() {
  const std::lock_guard lock(silent_now.mutex);
  const int file = terminal_.file();
  if (!terminal_.ok() || silent_now.ending || tcgetattr(file, &before_) != 0) return;
  termios silent = before_;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  silent_ = tcsetattr(file, TCSAFLUSH, &silent) == 0;
  if (!silent_) return;
  silent_now.file = file;
  silent_now.before = before_;
}

SilentTerminal::~SilentTerminal() {
  const std::lock_guard lock(silent_now.mutex);
  if (silent_) tcsetattr(terminal_.file(), TCSAFLUSH, &before_);
  silent_now.file = -1;
}

void LeaveTerminalsAsTheyWere() {
  const std::lock_guard lock(silent_now.mutex);
  if (silent_now.file >= 0) tcsetattr(silent_now.file, TCSANOW, &silent_now.before);
  silent_now.ending = true;
}

}  // namespace piperpc::cli
