#include "piperpc/internal/visible_text.h"
#include "tools/piperpc/commands.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

Outcome List(Program& program, const Words&, const CommandDeadline& deadline) {
  const OutcomeOr<std::vector<std::string>> services = program.connection.ListServices(deadline);
  if (!services.ok()) return services.outcome();
  for (const std::string& service : *services) {
    const Outcome written = program.output.WriteLine(internal::VisibleLine(service));
    if (!written.ok()) return written;
  }
  return Outcome();
}

}  // namespace piperpc::cli
