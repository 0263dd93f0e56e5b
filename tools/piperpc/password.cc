#include "tools/piperpc/password.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "piperpc/internal/visible_text.h"
#include "tools/piperpc/files.h"
#include "tools/piperpc/terminal_prompt.h"

namespace piperpc::cli {
namespace {

constexpr std::size_t kMostPasswordFileBytes = 64 * 1024;  // A password has 1,024 at the most.

}  // namespace

OutcomeOr<Password> FindPassword(const std::string& user, const std::string& file,
                                 const Environment& environment, const CommandDeadline& deadline) {
  if (!file.empty()) {
    const OutcomeOr<std::string> content = ReadFile(file, kMostPasswordFileBytes, deadline);
    if (!content.ok()) return content.outcome();
    return Password{content->substr(0, content->find_first_of("\r\n"))};
  }
  const std::optional<std::string> variable = environment("PIPERPC_PASSWORD");
  if (variable.has_value()) return Password{*variable};
  OutcomeOr<std::string> typed =
      AskPassword(absl::StrCat("Password for ", internal::VisibleLine(user), ": "), deadline);
  if (!typed.ok()) return typed.outcome();
  return Password{*std::move(typed), true};
}

}  // namespace piperpc::cli
