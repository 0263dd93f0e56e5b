#include "tools/piperpc/program.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/password.h"

namespace piperpc::cli {

void Complain(std::string_view text) {
  const std::string line = absl::StrCat("piperpc: ", std::string(text), "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
}

int Report(const absl::Status& status, const Patience& patience) {
  if (status.ok()) return kExitOk;
  const int code = ExitCodeOf(status);
  if (code != kExitNoReader) Complain(Describe(status));
  return patience.stop().stop_requested() ? kExitInterrupted : code;
}

absl::Status LoginFirst(Program& program, const Patience& patience) {
  const Settings& settings = program.settings;
  if (settings.user.empty()) return absl::OkStatus();
  const absl::StatusOr<std::string> password =
      FindPassword(settings.user, settings.password_file, program.environment, patience.stop());
  if (!password.ok()) return password.status();
  return program.connection.Login(settings.user, *password, patience).status();
}

}  // namespace piperpc::cli
