#include "tools/piperpc/usage.h"

#include "absl/strings/str_cat.h"

namespace piperpc::cli {

std::string WrittenAs(const Usage& usage) {
  return absl::StrCat(std::string(usage.name), usage.arguments.empty() ? "" : " ",
                      std::string(usage.arguments));
}

std::string HelpLine(std::string_view before, const Usage& usage, std::size_t width) {
  const std::string left = absl::StrCat(std::string(before), WrittenAs(usage));
  const std::string gap = left.size() + 2 > width ? "\n" + std::string(width, ' ')
                                                  : std::string(width - left.size(), ' ');
  return absl::StrCat(left, gap, std::string(usage.summary));
}

Outcome CheckWords(const Usage& usage, std::span<const std::string> words) {
  const bool few = words.size() < usage.least;
  if (!few && words.size() <= usage.most) return Outcome();
  return UsageError(
      absl::StrCat(std::string(usage.name), ": ",
                   few ? "an argument is missing"
                       : absl::StrCat("unexpected argument \"", words[usage.most], "\""),
                   "; usage: ", WrittenAs(usage)));
}

}  // namespace piperpc::cli
