// What an offender got, counted.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace piperpc::floods {

// Thread-compatible.
class Tally {
 public:
  void Add(std::string_view what, std::uint64_t times = 1) { counts_[std::string(what)] += times; }
  void Add(const absl::Status& status) { Add(absl::StatusCodeToString(status.code())); }
  void AtLeast(std::string_view what, std::uint64_t value) {
    std::uint64_t& most = counts_[std::string(what)];
    most = std::max(most, value);
  }

  void AddTo(Tally& other) const {
    for (const auto& [what, times] : counts_) other.Add(what, times);
  }

  // As one line of JSON; what was counted has no characters that JSON would escape.
  void Print() const {
    const char* separator = "{";
    for (const auto& [what, times] : counts_) {
      std::cout << separator << '"' << what << "\": " << times;
      separator = ", ";
    }
    std::cout << (counts_.empty() ? "{}" : "}") << std::endl;
  }

 private:
  std::map<std::string, std::uint64_t> counts_;
};

}  // namespace piperpc::floods
