#include "tools/piperpc/commands.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {
namespace {

Outcome DescribeOne(Connection& connection, const std::string& name, Definitions& definitions,
                    const CommandDeadline& deadline) {
  Outcome described = connection.Learn(SymbolOf(name), deadline);
  if (described.ok()) described = connection.schema().Describe(name, definitions);
  if (!described.Is(absl::StatusCode::kNotFound)) return described;
  return connection.NotThere(absl::StatusCode::kNotFound, "symbol", name, deadline);
}

// The names that `words` give; without any, those of all services.
OutcomeOr<std::vector<std::string>> SymbolsFor(Connection& connection, const Words& words,
                                               const CommandDeadline& deadline) {
  if (words.empty()) return connection.ListServices(deadline);
  return words;
}

}  // namespace

Outcome Describe(Program& program, const Words& words, const CommandDeadline& deadline) {
  Connection& connection = program.connection;
  const OutcomeOr<std::vector<std::string>> symbols = SymbolsFor(connection, words, deadline);
  if (!symbols.ok()) return symbols.outcome();
  Definitions definitions;
  for (const std::string& symbol : *symbols) {
    const Outcome described = DescribeOne(connection, symbol, definitions, deadline);
    if (!described.ok()) return described;
  }
  std::string text = definitions.Text();
  if (text.empty()) return Outcome();
  text.pop_back();  // The newline that WriteLine() adds.
  return program.output.WriteLine(text);
}

}  // namespace piperpc::cli
