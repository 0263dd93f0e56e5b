// What a fuzzer demands of the code that it drives.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace piperpc::fuzz {

// Ends the process, which libFuzzer takes for a finding; `broken` says what does not hold.
inline void Require(bool holds, const char* broken) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", broken);
  std::abort();
}

// The same, of what SentPackets::Check() gives.
inline void RequireRules(const char* broken) { Require(broken == nullptr, broken); }

}  // namespace piperpc::fuzz
