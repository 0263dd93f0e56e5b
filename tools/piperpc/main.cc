// The command line of PipeRPC. What it does is in commands.h.
#include <exception>

#include "absl/strings/str_cat.h"
#include "piperpc/internal/visible_text.h"
#include "tools/piperpc/commands.h"
#include "tools/piperpc/failure.h"
#include "tools/shared/arguments.h"
#include "tools/shared/input.h"
#include "tools/shared/library_log.h"
#include "tools/shared/standard_streams.h"

namespace piperpc::cli {
namespace {

int RefuseUsage(std::string_view what) {
  Complain(internal::VisibleLine(absl::StrCat(std::string(what), "; see piperpc help")));
  return kExitUsage;
}

const Command* FindCommand(std::string_view name) {
  for (const Command& command : Commands()) {
    if (command.usage.name == name) return &command;
  }
  return nullptr;
}

int RunCommand(const Command& command, const CommandLine& line, Output& output,
               Interrupts& interrupts) {
  const Environment environment = &tools::EnvironmentVariable;
  LineReader input(tools::kStandardInput);
  Connection connection(line.settings);
  Program program{line.settings, environment, interrupts, input, output, connection};
  return command.run(program, line.words, program.NewDeadline());
}

// It may be about what a server sent: a line like the program's own, safe for a terminal.
void ComplainOf(const LogRecord& record) {
  if (record.level < LogLevel::kWarning) return;
  std::string text(record.event);
  for (const auto& [key, value] : record.fields) absl::StrAppend(&text, ": ", value);
  Complain(internal::VisibleLine(text));
}

int Help(const CommandLine& line, Output& output) {
  std::string topic = line.command;  // As of `piperpc call --help`.
  if (line.command == "help") {
    const Outcome fits = CheckWords(kHelp, line.words);
    if (!fits.ok()) return RefuseUsage(fits.message());
    topic = line.words.empty() ? "" : line.words[0];
  }
  if (topic.empty() || topic == "help" || topic == "version") {
    return Report(output.WriteLine(HelpText()), CommandDeadline());
  }
  const Command* const command = FindCommand(topic);
  if (command == nullptr) return RefuseUsage(absl::StrCat("unknown command \"", topic, "\""));
  return Report(output.WriteLine(HelpText(*command)), CommandDeadline());
}

int Version(const CommandLine& line, Output& output) {
  const bool asked = line.command == "version";
  const Outcome fits = asked ? CheckWords(kVersion, line.words) : Outcome();
  if (!fits.ok()) return RefuseUsage(fits.message());
  return Report(output.WriteLine(VersionText()), CommandDeadline());
}

int Run(const std::vector<std::string>& arguments) {
  const tools::LibraryLog library_log(&ComplainOf);
  Interrupts interrupts;
  if (!interrupts.status().ok()) return Report(interrupts.status(), CommandDeadline());
  Output output(stdout);
  const OutcomeOr<CommandLine> line = ParseCommandLine(arguments, &tools::EnvironmentVariable);
  if (!line.ok()) return RefuseUsage(line.outcome().message());
  if (line->settings.help || line->command == "help") return Help(*line, output);
  if (line->settings.version || line->command == "version") return Version(*line, output);
  if (line->command.empty()) return RefuseUsage("no command was given");
  const Command* const command = FindCommand(line->command);
  if (command == nullptr) {
    return RefuseUsage(absl::StrCat("unknown command \"", line->command, "\""));
  }
  Outcome checked = CheckWords(command->usage, line->words);
  if (checked.ok()) checked = CheckSettings(line->settings);
  if (!checked.ok()) return RefuseUsage(checked.message());
  return RunCommand(*command, *line, output, interrupts);
}

}  // namespace
}  // namespace piperpc::cli

// The system may refuse memory or a thread anywhere.
int main(int argc, char** argv) {
  try {
    piperpc::tools::PrepareStandardStreams();
    return piperpc::cli::Run(piperpc::tools::Arguments(argc, argv));
  } catch (const std::exception& error) {
    return piperpc::cli::Report(piperpc::cli::ThrownError(error), piperpc::cli::CommandDeadline());
  }
}
