// Runs seeds: `simulation --seeds 1-20000`, or one, with all that happens: `--seed 7 --trace`.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "simulation/simulation.h"

namespace piperpc::simulation {
namespace {

struct Arguments {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  bool trace = false;
  Bug bug = Bug::kNone;
};

constexpr char kUsage[] =
    "usage: simulation --seed N | --seeds FROM-TO [--trace] [--bug twice|swapped|dropped|cut]\n";

std::optional<std::uint64_t> Number(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

bool ParseSeeds(std::string_view text, Arguments& arguments) {
  const std::size_t dash = text.find('-');
  const auto first = Number(text.substr(0, dash));
  const auto last = dash == text.npos ? first : Number(text.substr(dash + 1));
  if (!first || !last || *last < *first) return false;
  arguments.first = *first;
  arguments.last = *last;
  return true;
}

bool ParseBug(std::string_view name, Arguments& arguments) {
  for (std::size_t i = 1; i < std::size(kBugNames); ++i) {
    if (kBugNames[i] == name) arguments.bug = static_cast<Bug>(i);
  }
  return arguments.bug != Bug::kNone;
}

std::optional<Arguments> Parse(const std::vector<std::string_view>& words) {
  Arguments arguments;
  bool has_seeds = false;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const std::string_view value = i + 1 < words.size() ? words[i + 1] : "";
    if (words[i] == "--trace") {
      arguments.trace = true;
    } else if (words[i] == "--bug" && ParseBug(value, arguments)) {
      ++i;
    } else if ((words[i] == "--seed" || words[i] == "--seeds") && ParseSeeds(value, arguments)) {
      has_seeds = true;
      ++i;
    } else {
      return std::nullopt;
    }
  }
  if (!has_seeds) return std::nullopt;
  return arguments;
}

void Run(const Arguments& arguments) {
  Outcome sum;
  for (std::uint64_t seed = arguments.first; seed <= arguments.last; ++seed) {
    const Outcome outcome =
        RunSimulation({.seed = seed, .print = arguments.trace, .bug = arguments.bug});
    sum.hash ^= outcome.hash;
    sum.events += outcome.events;
    sum.calls += outcome.calls;
    sum.good_calls += outcome.good_calls;
  }
  const std::string text = absl::StrCat(arguments.last - arguments.first + 1, " seeds, ", sum.calls,
                                        " calls (", sum.good_calls, " ended with OK), ", sum.events,
                                        " events, hash ", absl::Hex(sum.hash, absl::kZeroPad16));
  std::puts(text.c_str());
}

}  // namespace
}  // namespace piperpc::simulation

int main(int count, char** words) {
  using namespace piperpc::simulation;
  const auto arguments = Parse({words + 1, words + count});
  if (!arguments) {
    std::fputs(kUsage, stderr);
    return 2;
  }
  Run(*arguments);
  return 0;
}
