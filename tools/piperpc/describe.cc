#include "tools/piperpc/commands.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {
namespace {

Outcome DescribeOne(Program& program, const std::string& name, const Patience& patience) {
  const Outcome learned = program.connection.Learn(SymbolOf(name), patience);
  if (!learned.ok()) return learned;
  OutcomeOr<std::string> text = program.connection.schema().Describe(name);
  if (!text.ok()) return text.outcome();
  text->pop_back();  // The newline that WriteLine() adds.
  return program.output.WriteLine(*text);
}

}  // namespace

Outcome Describe(Program& program, const Words& words, const Patience& patience) {
  if (words.size() > 1) return UsageError("describe takes one symbol, or none for all services");
  if (words.size() == 1) return DescribeOne(program, words[0], patience);
  const OutcomeOr<std::vector<std::string>> services = program.connection.ListServices(patience);
  if (!services.ok()) return services.outcome();
  for (const std::string& service : *services) {
    const Outcome described = DescribeOne(program, service, patience);
    if (!described.ok()) return described;
  }
  return Outcome();
}

}  // namespace piperpc::cli
