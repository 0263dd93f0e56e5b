#include "tools/piperpc/failure.h"
#include "tools/piperpc/line_reader.h"
#include "tools/piperpc/password_prompt.h"
#include "tools/piperpc/silent_terminal_linux.h"

namespace piperpc::cli {
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
