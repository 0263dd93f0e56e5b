#include "tools/piperpc/commands.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {
namespace {

Outcome DescribeOne(Program& program, const std::string& name, const Patience& patience) {
  Connection& connection = program.connection;
  const Outcome learned = connection.Learn(SymbolOf(name), patience);
  OutcomeOr<std::string> text = learned.ok() ? connection.schema().Describe(name) : learned;
  if (text.outcome().Is(absl::StatusCode::kNotFound)) {
    return connection.NotThere(absl::StatusCode::kNotFound, "symbol", name, patience);
  }
  if (!text.ok()) return text.outcome();
  text->pop_back();  // The newline that WriteLine() adds.
  return program.output.WriteLine(*text);
}

}  // namespace

Outcome Describe(Program& program, const Words& words, const Patience& patience) {
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
