#include "absl/strings/str_cat.h"
#include "tools/piperpc/commands.h"

namespace piperpc::cli {
namespace {

constexpr std::size_t kSummaryColumn = 46;

constexpr char kRequests[] = R"(
A request is JSON ('{"text": "hi"}'), field=value words, @file, or - for standard input. A method
that streams its requests takes several requests, or lines of JSON from standard input.

Exit codes: 0 success; 1 to 16 the canonical code that the call ended with (5 NOT_FOUND,
14 UNAVAILABLE, 16 UNAUTHENTICATED, ...); 64 wrong usage; 74 input or output failed; 130 Ctrl-C;
141 the pipe for standard output was closed.
)";

std::string FlagsText() {
  return absl::StrCat("\nFlags, anywhere on the command line (-- ends them):\n", FlagHelp());
}

}  // namespace

std::string HelpText() {
  std::string text = "Calls the services of a PipeRPC server.\n\n";
  for (const Command& command : Commands()) {
    absl::StrAppend(&text, HelpLine("  piperpc ", command.usage, kSummaryColumn), "\n");
  }
  absl::StrAppend(&text, HelpLine("  piperpc ", kHelp, kSummaryColumn), "\n",
                  HelpLine("  piperpc ", kVersion, kSummaryColumn), "\n");
  absl::StrAppend(&text, FlagsText(), kRequests);
  text.pop_back();
  return text;
}

std::string HelpText(const Command& command) {
  std::string text = absl::StrCat(HelpLine("piperpc ", command.usage, kSummaryColumn), "\n");
  if (command.more_help != nullptr) absl::StrAppend(&text, "\n", command.more_help(), "\n");
  text += FlagsText();
  if (command.usage.most == kAnyNumber) text += kRequests;
  text.pop_back();
  return text;
}

std::string VersionText() { return "piperpc " PIPERPC_VERSION; }

}  // namespace piperpc::cli
