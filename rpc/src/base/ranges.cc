#include "src/base/ranges.h"

#include "absl/strings/str_cat.h"
#include "src/base/text.h"

namespace piperpc::base {

namespace {

// More than anybody would set: such an option has no upper limit of its own.
constexpr std::uint64_t kNoMost = std::numeric_limits<std::int64_t>::max();

std::string Describe(const Range& range) {
  if (range.most >= kNoMost) return absl::StrCat(range.least, " or more");
  return absl::StrCat("from ", range.least, " to ", range.most);
}

}  // namespace

std::string OptionValue::ToText() const {
  return below_zero_ ? absl::StrCat(static_cast<std::int64_t>(bits_)) : absl::StrCat(bits_);
}

Range SpinRange(std::chrono::microseconds spin) { return {"spin (us)", spin.count(), 0, 10'000}; }

absl::Status CheckRanges(std::string_view whose, std::span<const Range> ranges) {
  for (const Range& range : ranges) {
    if (range.value.IsWithin(range.least, range.most)) continue;
    return absl::InvalidArgumentError(absl::StrCat("the ", ToAbsl(whose), " option ",
                                                   ToAbsl(range.name), " is ", range.value.ToText(),
                                                   "; it must be ", Describe(range)));
  }
  return absl::OkStatus();
}

absl::Status NullPointer(std::string_view whose, std::string_view name, std::size_t index) {
  return absl::InvalidArgumentError(absl::StrCat("the ", ToAbsl(whose), " option ", ToAbsl(name),
                                                 " has a null pointer at index ", index));
}

}  // namespace piperpc::base
