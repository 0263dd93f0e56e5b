#include "tools/shared/flags.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"

namespace piperpc::tools {
namespace {

// "--name=value" or "--name", taken apart.
struct Written {
  std::string name;
  std::optional<std::string> value;
};

Written TakeApart(const std::string& argument) {
  const std::size_t equals = argument.find('=');
  if (equals == std::string::npos) return {argument.substr(2), std::nullopt};
  return {argument.substr(2, equals - 2), argument.substr(equals + 1)};
}

bool LooksLikeFlag(const std::string& argument) {
  return argument.size() > 1 && argument[0] == '-' && !(argument[1] >= '0' && argument[1] <= '9');
}

struct Unit {
  std::string_view suffix;
  std::uint64_t factor;
};

constexpr Unit kDurationUnits[] = {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}};
constexpr Unit kSizeUnits[] = {{"", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};

// A steady clock counts nanoseconds in 63 bits: about 292 years.
constexpr std::uint64_t kLongestDuration = 100ull * 365 * 24 * 3'600'000;

// A number and one of `units`. Nothing when it is not that, or too large.
std::optional<std::uint64_t> ParseWithUnit(std::string_view text, std::span<const Unit> units) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  const std::string_view suffix = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& unit : units) {
    if (unit.suffix != suffix) continue;
    constexpr std::uint64_t kMost = INT64_MAX;
    if (number > kMost / unit.factor) return std::nullopt;
    return number * unit.factor;
  }
  return std::nullopt;
}

// As a user would write it: in the largest of `units` that leaves a whole number.
std::string FormatWithUnit(std::uint64_t value, std::span<const Unit> units) {
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) best = &unit;
  }
  return absl::StrCat(value / best->factor, std::string(best->suffix));
}

std::string Range(std::uint64_t min, std::uint64_t max, std::span<const Unit> units) {
  return absl::StrCat(FormatWithUnit(min, units), " to ", FormatWithUnit(max, units));
}

std::string HelpOf(std::string_view help, const FlagValue& value) {
  return absl::StrCat(std::string(help), " (default ", value.initial,
                      value.range.empty() ? "" : "; ", value.range, ")");
}

}  // namespace

void FlagSet::Add(std::string name, std::string value_name, std::string help, FlagValue value) {
  flags_.push_back(
      {std::move(name), std::move(value_name), HelpOf(help, value), std::move(value.set)});
}

void FlagSet::AddSwitch(std::string name, std::string help, bool* on) {
  flags_.push_back({std::move(name), "", std::move(help), [on](std::string_view) {
                      *on = true;
                      return absl::OkStatus();
                    }});
}

absl::StatusOr<const FlagSet::Flag*> FlagSet::Find(std::string_view name) const {
  const auto found = std::find_if(flags_.begin(), flags_.end(),
                                  [name](const Flag& flag) { return flag.name == name; });
  if (found == flags_.end()) {
    return absl::InvalidArgumentError(absl::StrCat("unknown flag --", std::string(name)));
  }
  return &*found;
}

absl::StatusOr<std::vector<std::string>> FlagSet::Parse(
    const std::vector<std::string>& arguments) const {
  std::vector<std::string> rest;
  for (auto next = arguments.begin(); next != arguments.end(); ++next) {
    if (*next == "--") {
      rest.insert(rest.end(), next + 1, arguments.end());
      break;
    }
    if (!LooksLikeFlag(*next)) {
      rest.push_back(*next);
      continue;
    }
    if (!next->starts_with("--")) {
      return absl::InvalidArgumentError(
          absl::StrCat("unknown flag ", *next, ": flags begin with two dashes"));
    }
    Written written = TakeApart(*next);
    const absl::StatusOr<const Flag*> flag = Find(written.name);
    if (!flag.ok()) return flag.status();
    const bool is_switch = (*flag)->value_name.empty();
    if (is_switch && written.value.has_value()) {
      return absl::InvalidArgumentError(absl::StrCat("--", written.name, " takes no value"));
    }
    if (!is_switch && !written.value.has_value()) {
      if (next + 1 == arguments.end()) {
        return absl::InvalidArgumentError(
            absl::StrCat("--", written.name, " needs a value: ", (*flag)->value_name));
      }
      written.value = *++next;
    }
    const absl::Status set = (*flag)->set(written.value.value_or(""));
    if (!set.ok()) {
      return absl::InvalidArgumentError(absl::StrCat("--", written.name, ": ", set.message()));
    }
  }
  return rest;
}

std::string FlagSet::Help() const {
  std::size_t width = 0;
  std::vector<std::string> left;
  for (const Flag& flag : flags_) {
    left.push_back(
        absl::StrCat("  --", flag.name, flag.value_name.empty() ? "" : " ", flag.value_name));
    width = std::max(width, left.back().size());
  }
  std::string text;
  for (std::size_t i = 0; i < flags_.size(); ++i) {
    absl::StrAppend(&text, left[i], std::string(width - left[i].size() + 2, ' '), flags_[i].help,
                    "\n");
  }
  return text;
}

absl::StatusOr<std::chrono::milliseconds> ParseDuration(std::string_view text,
                                                        std::chrono::milliseconds min) {
  const std::optional<std::uint64_t> value = ParseWithUnit(text, kDurationUnits);
  if (!value.has_value() || *value > kLongestDuration) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", std::string(text),
        "\" is not a valid duration: must be one such as 250ms, 5s, 2m or 1h, at most 876000h"));
  }
  const std::chrono::milliseconds duration(*value);
  if (duration >= min) return duration;
  return absl::InvalidArgumentError(absl::StrCat(
      "\"", std::string(text), "\" is out of range: must be from ", DurationRange(min)));
}

absl::StatusOr<std::uint64_t> ParseSize(std::string_view text, std::uint64_t min,
                                        std::uint64_t max) {
  const std::optional<std::uint64_t> value = ParseWithUnit(text, kSizeUnits);
  if (!value.has_value()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", std::string(text),
                     "\" is not a valid size: must be one such as 65536, 64KiB, 4MiB or 2GiB"));
  }
  if (*value < min || *value > max) {
    return absl::InvalidArgumentError(absl::StrCat(
        "\"", std::string(text), "\" is out of range: must be from ", min, " to ", max, " bytes"));
  }
  return *value;
}

absl::StatusOr<std::uint64_t> ParseNumber(std::string_view text, std::uint64_t min,
                                          std::uint64_t max) {
  std::uint64_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc() || end != last || number < min || number > max) {
    return absl::InvalidArgumentError(absl::StrCat("\"", std::string(text),
                                                   "\" is not valid: must be a whole number from ",
                                                   min, " to ", max));
  }
  return number;
}

FlagValue SetText(std::string& target) {
  const auto set = [&target](std::string_view value) {
    if (value.empty()) return absl::InvalidArgumentError("the value is empty; leave the flag out");
    target = std::string(value);
    return absl::OkStatus();
  };
  return {set, target.empty() ? "none" : target};
}

FlagValue SetDuration(std::chrono::milliseconds& target, std::chrono::milliseconds min) {
  const auto set = [&target, min](std::string_view value) {
    const absl::StatusOr<std::chrono::milliseconds> parsed = ParseDuration(value, min);
    if (parsed.ok()) target = *parsed;
    return parsed.status();
  };
  const auto now = static_cast<std::uint64_t>(target.count());
  return {set, FormatWithUnit(now, kDurationUnits), DurationRange(min)};
}

FlagValue SetSize(std::size_t& target, std::size_t min, std::size_t max) {
  const auto set = [&target, min, max](std::string_view value) {
    const absl::StatusOr<std::uint64_t> parsed = ParseSize(value, min, max);
    if (parsed.ok()) target = *parsed;
    return parsed.status();
  };
  return {set, FormatWithUnit(target, kSizeUnits), Range(min, max, kSizeUnits)};
}

FlagValue SetNumber(std::size_t& target, std::size_t min, std::size_t max) {
  const auto set = [&target, min, max](std::string_view value) {
    const absl::StatusOr<std::uint64_t> parsed = ParseNumber(value, min, max);
    if (parsed.ok()) target = *parsed;
    return parsed.status();
  };
  return {set, absl::StrCat(target), absl::StrCat(min, " to ", max)};
}

FlagValue Noting(FlagValue value, bool& given) {
  value.set = [set = value.set, &given](std::string_view text) {
    given = true;
    return set(text);
  };
  return value;
}

std::string DurationRange(std::chrono::milliseconds min) {
  return Range(static_cast<std::uint64_t>(min.count()), kLongestDuration, kDurationUnits);
}

}  // namespace piperpc::tools
