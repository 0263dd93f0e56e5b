// The flags of the command-line programs: a small parser with clear errors.
//
//     FlagSet flags;
//     flags.Add("grace", "DURATION", "how long a shutdown waits", SetDuration(options.grace));
//     absl::StatusOr<std::vector<std::string>> words = flags.Parse(arguments);
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace piperpc::tools {

// Sets a flag's value. INVALID_ARGUMENT: it is not valid; the text says what is.
using Setter = std::function<absl::Status(std::string_view value)>;

// The setter of a flag's value, and what the help shows.
struct FlagValue {
  Setter set;
  std::string initial = "none";  // The default.
  std::string range = {};        // "1 to 64"; empty for what is not a number.
};

class FlagSet {
 public:
  // `--name VALUE` or `--name=VALUE`. May be given several times; `value.set` sees each.
  void Add(std::string name, std::string value_name, std::string help, FlagValue value);

  // `--name`, without a value. `*on` must outlive the set.
  void AddSwitch(std::string name, std::string help, bool* on);

  // Sets the values of all flags in `arguments` and returns the other words in order. Flags may be
  // anywhere; `--` ends them, and "-" alone is not a flag. INVALID_ARGUMENT: a flag is wrong; the
  // text names it.
  absl::StatusOr<std::vector<std::string>> Parse(const std::vector<std::string>& arguments) const;

  // One line for each flag: "--grace DURATION  how long … (default 10s; 0ms to 876000h)".
  std::string Help() const;

 private:
  struct Flag {
    std::string name;
    std::string value_name;  // Empty: a switch.
    std::string help;        // Including the default and the range.
    Setter set;
  };

  absl::StatusOr<const Flag*> Find(std::string_view name) const;

  std::vector<Flag> flags_;
};

// "250ms", "5s", "2m", "1h"; a number alone is refused, so that nobody has to guess its unit.
absl::StatusOr<std::chrono::milliseconds> ParseDuration(std::string_view text,
                                                        std::chrono::milliseconds min = {});

// "65536", "64KiB", "4MiB", "2GiB", from `min` to `max` bytes.
absl::StatusOr<std::uint64_t> ParseSize(std::string_view text, std::uint64_t min,
                                        std::uint64_t max);

// A whole number from `min` to `max`.
absl::StatusOr<std::uint64_t> ParseNumber(std::string_view text, std::uint64_t min,
                                          std::uint64_t max);

// Setters for these types. The target must outlive the flag set; its current value is the default.
FlagValue SetText(std::string& target);  // Refuses an empty text, which is often an unset variable.
FlagValue SetDuration(std::chrono::milliseconds& target, std::chrono::milliseconds min = {});
FlagValue SetSize(std::size_t& target, std::size_t min, std::size_t max);
FlagValue SetNumber(std::size_t& target, std::size_t min, std::size_t max);

// The same value, which also notes that the flag was given. `given` must outlive the flag set.
FlagValue Noting(FlagValue value, bool& given);

// The range of every duration, for help: "0ms to 876000h".
std::string DurationRange(std::chrono::milliseconds min);

}  // namespace piperpc::tools
