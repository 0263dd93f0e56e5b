#include "tools/piperpc/controlling_terminal_linux.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/line_reader.h"
#include "tools/piperpc/terminal_prompt.h"

namespace piperpc::cli {
namespace {

OutcomeOr<std::string> ReadAnswer(const ControllingTerminal& terminal,
                                  const CommandDeadline& deadline) {
  std::string answer;
  const LineReader::Result result = LineReader(terminal.file()).ReadLine(answer, deadline);
  if (result == LineReader::Result::kLine) return answer;
  terminal.Show("\n");  // Nobody has typed one.
  if (result == LineReader::Result::kStopped) return InterruptedError();
  if (result == LineReader::Result::kTimedOut) {
    return TimedOutError("asking at the terminal", deadline.spent());
  }
  return IoError("no answer was given at the terminal");
}

}  // namespace

OutcomeOr<std::string> AskPassword(std::string_view prompt, const CommandDeadline& deadline) {
  const ControllingTerminal terminal(prompt, Echo::kOff);
  if (!terminal.ok()) {
    return IoError(
        "there is no terminal to ask for the password; give --password-file or PIPERPC_PASSWORD");
  }
  OutcomeOr<std::string> password = ReadAnswer(terminal, deadline);
  if (password.ok()) terminal.Show("\n");  // The one that was typed was not shown.
  return password;
}

OutcomeOr<std::string> AskQuestion(std::string_view prompt, const CommandDeadline& deadline) {
  const ControllingTerminal terminal(prompt, Echo::kOn);
  if (!terminal.ok()) return IoError("there is no terminal to ask at");
  return ReadAnswer(terminal, deadline);
}

}  // namespace piperpc::cli
