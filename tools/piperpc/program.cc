#include "tools/piperpc/program.h"

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "piperpc/internal/visible_text.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

void Complain(std::string_view text) {
  const std::string line = absl::StrCat("piperpc: ", internal::VisibleLines(text), "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
  std::fflush(stderr);
}

int Report(const Outcome& status, const CommandDeadline& deadline) {
  if (status.ok()) return kExitOk;
  const int code = status.exit_code();
  if (code != kExitNoReader) Complain(status.Describe());
  return deadline.stop().stop_requested() ? kExitInterrupted : code;
}

}  // namespace piperpc::cli
