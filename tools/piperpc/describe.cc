#include "tools/piperpc/commands.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {
namespace {

absl::Status DescribeOne(Program& program, const std::string& name, const Patience& patience) {
  const absl::Status learned = program.connection.Learn(SymbolOf(name), patience);
  if (!learned.ok()) return learned;
  absl::StatusOr<std::string> text = program.connection.schema().Describe(name);
  if (!text.ok()) return text.status();
  text->pop_back();  // The newline that WriteLine() adds.
  return program.output.WriteLine(*text);
}

}  // namespace

absl::Status Describe(Program& program, const Words& words, const Patience& patience) {
  if (words.size() > 1) return UsageError("describe takes one symbol, or none for all services");
  if (words.size() == 1) return DescribeOne(program, words[0], patience);
  const absl::StatusOr<std::vector<std::string>> services =
      program.connection.ListServices(patience);
  if (!services.ok()) return services.status();
  for (const std::string& service : *services) {
    const absl::Status described = DescribeOne(program, service, patience);
    if (!described.ok()) return described;
  }
  return absl::OkStatus();
}

}  // namespace piperpc::cli
