#include "simulation/trace.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/text.h"

namespace piperpc::simulation {
namespace {

constexpr std::size_t kKept = 60;

}  // namespace

std::string Trace::TimeText() const {
  const auto since = clock_.now - testing::ManualClock().now;
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(since).count();
  char text[32];
  std::snprintf(text, sizeof(text), "%10.3f ms  ", static_cast<double>(micros) / 1000);
  return text;
}

void Trace::Add(std::string event) {
  ++events_;
  std::string line = TimeText() + std::move(event);
  hash_ = Hash(line, hash_);
  if (options_.print) std::printf("%s\n", line.c_str());
  last_.push_back(std::move(line));
  if (last_.size() > kKept) last_.pop_front();
}

void Trace::Violate(const std::string& what) const {
  std::fflush(stdout);
  if (!options_.print) {
    for (const std::string& line : last_) std::fprintf(stderr, "%s\n", line.c_str());
  }
  std::string bug;
  if (options_.bug != Bug::kNone) {
    bug = absl::StrCat(" --bug ", base::ToAbsl(kBugNames[static_cast<int>(options_.bug)]));
  }
  const std::string text =
      absl::StrCat(TimeText(), "VIOLATED, seed ", options_.seed, ": ", what,
                   "\nreplay: build/release/tests/simulation/simulation --seed ", options_.seed,
                   bug, " --trace\n");
  std::fputs(text.c_str(), stderr);
  std::fflush(stderr);
  std::_Exit(1);  // Nobody can clean up after it.
}

}  // namespace piperpc::simulation
