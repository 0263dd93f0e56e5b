#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "tools/piperpc/failure.h"
#include "tools/piperpc/line_reader.h"
#include "tools/piperpc/password_prompt.h"

namespace piperpc::cli {
namespace {

// The controlling terminal, silent while this lives.
class SilentTerminal {
 public:
  SilentTerminal() : file_(open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY)) {
    if (file_ < 0 || tcgetattr(file_, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent_ = tcsetattr(file_, TCSAFLUSH, &silent) == 0;
  }
  ~SilentTerminal() {
    if (silent_) tcsetattr(file_, TCSAFLUSH, &before_);
    if (file_ >= 0) close(file_);
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

  bool ok() const { return silent_; }
  int file() const { return file_; }

  // A prompt that cannot be shown is no reason not to read.
  void Show(std::string_view text) const {
    [[maybe_unused]] const ssize_t written = write(file_, text.data(), text.size());
  }

 private:
  const int file_;
  termios before_ = {};
  bool silent_ = false;
};

}  // namespace

OutcomeOr<std::string> AskPassword(std::string_view prompt, const std::stop_token& stop) {
  const SilentTerminal terminal;
  if (!terminal.ok()) {
    return IoError(
        "there is no terminal to ask for the password; give --password-file or PIPERPC_PASSWORD");
  }
  terminal.Show(prompt);
  std::string password;
  const LineReader::Result result = LineReader(terminal.file()).ReadLine(password, stop);
  terminal.Show("\n");  // The one that was typed was not shown.
  if (result == LineReader::Result::kLine) return password;
  if (result == LineReader::Result::kStopped) return InterruptedError();
  return IoError("the terminal gave no password");
}

}  // namespace piperpc::cli
