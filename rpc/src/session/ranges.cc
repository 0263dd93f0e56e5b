#include "src/session/ranges.h"

#include "absl/strings/str_cat.h"
#include "src/base/text.h"

namespace piperpc {

Range SpinRange(std::chrono::microseconds spin) {
  return {"spin (us)", static_cast<std::uint64_t>(spin.count()), 0, 10'000};
}

absl::Status CheckRanges(std::string_view whose, std::span<const Range> ranges) {
  for (const Range& range : ranges) {
    if (range.value >= range.least && range.value <= range.most) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("the ", ToAbsl(whose), " option ", ToAbsl(range.name), " is ", range.value,
                     ", not within ", range.least, " to ", range.most));
  }
  return absl::OkStatus();
}

}  // namespace piperpc
