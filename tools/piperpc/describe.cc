#include "tools/piperpc/commands.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {
namespace {

Outcome DescribeOne(Program& program, const std::string& name, const CommandDeadline& deadline) {
  Connection& connection = program.connection;
  const Outcome learned = connection.Learn(SymbolOf(name), deadline);
  OutcomeOr<std::string> text = learned.ok() ? connection.schema().Describe(name) : learned;
  if (text.outcome().Is(absl::StatusCode::kNotFound)) {
    return connection.NotThere(absl::StatusCode::kNotFound, "symbol", name, deadline);
  }
  if (!text.ok()) return text.outcome();
  text->pop_back();  // The newline that WriteLine() adds.
  return program.output.WriteLine(*text);
}

}  // namespace

Outcome Describe(Program& program, const Words& words, const CommandDeadline& deadline) {
  if (words.size() == 1) return DescribeOne(program, words[0], deadline);
  const OutcomeOr<std::vector<std::string>> services = program.connection.ListServices(deadline);
  if (!services.ok()) return services.outcome();
  for (const std::string& service : *services) {
    const Outcome described = DescribeOne(program, service, deadline);
    if (!described.ok()) return described;
  }
  return Outcome();
}

}  // namespace piperpc::cli
