#include "tools/piperpc/commands.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

absl::Status List(Program& program, const Words& words, const Patience& patience) {
  if (!words.empty()) return UsageError("list takes no arguments");
  const absl::StatusOr<std::vector<std::string>> services =
      program.connection.ListServices(patience);
  if (!services.ok()) return services.status();
  for (const std::string& service : *services) {
    const absl::Status written = program.output.WriteLine(service);
    if (!written.ok()) return written;
  }
  return absl::OkStatus();
}

}  // namespace piperpc::cli
