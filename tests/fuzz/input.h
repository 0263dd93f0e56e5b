// The input of a fuzzer, read from its beginning to its end, after which all is 0.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace piperpc::fuzz {

class Input {
 public:
  explicit Input(std::span<const std::uint8_t> input) : rest_(input) {}

  bool done() const { return rest_.empty(); }

  std::uint8_t Byte() {
    if (rest_.empty()) return 0;
    const std::uint8_t byte = rest_.front();
    rest_ = rest_.subspan(1);
    return byte;
  }

  // Less than `limit`.
  std::size_t Below(std::size_t limit) { return Byte() % limit; }

  // Up to 255 bytes, after one that says how many.
  std::string_view Text() { return Take(Byte()); }

  std::string_view Rest() { return Take(rest_.size()); }

 protected:
  std::span<const std::uint8_t> rest() const { return rest_; }

 private:
  std::string_view Take(std::size_t most) {
    const std::size_t size = std::min(most, rest_.size());
    const std::string_view text(reinterpret_cast<const char*>(rest_.data()), size);
    rest_ = rest_.subspan(size);
    return text;
  }

  std::span<const std::uint8_t> rest_;
};

}  // namespace piperpc::fuzz
