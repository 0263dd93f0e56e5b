// Integers on the wire: protobuf's varints, and the little-endian u32 of the length prefixes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace piperpc::wire {

inline constexpr std::size_t kMaxVarintBytes = 10;

// 1 to 10: a byte for every 7 bits begun.
constexpr std::size_t VarintSize(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

// Writes VarintSize(value) bytes and gives the place behind them.
inline char* PutVarint(std::uint64_t value, char* out) {
  while (value >= 0x80) {
    *out++ = static_cast<char>(value | 0x80);
    value >>= 7;
  }
  *out++ = static_cast<char>(value);
  return out;
}

// The general case of GetVarint(), kept out of the hot loop's way.
inline const char* GetLongVarint(const char* p, const char* end, std::uint64_t& value) {
  std::uint64_t result = 0;
  for (int shift = 0; shift < 63; shift += 7) {
    if (p == end) return nullptr;
    const auto byte = static_cast<unsigned char>(*p++);
    result |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      value = result;
      return p;
    }
  }
  if (p == end) return nullptr;
  const auto last = static_cast<unsigned char>(*p++);
  if (last > 1) return nullptr;  // More than 64 bits, or more to come.
  value = result | static_cast<std::uint64_t>(last) << 63;
  return p;
}

// Reads a varint from [p, end) and gives the place behind it. nullptr, and `value` as it was, when
// it is cut off or needs more than 64 bits.
inline const char* GetVarint(const char* p, const char* end, std::uint64_t& value) {
  if (p != end && static_cast<unsigned char>(*p) < 0x80) {
    value = static_cast<unsigned char>(*p);
    return p + 1;
  }
  return GetLongVarint(p, end, value);
}

// Written out byte by byte, these two compile to one plain load or store.
inline char* PutU32(std::uint32_t value, char* out) {
  out[0] = static_cast<char>(value);
  out[1] = static_cast<char>(value >> 8);
  out[2] = static_cast<char>(value >> 16);
  out[3] = static_cast<char>(value >> 24);
  return out + 4;
}

// Reads the four bytes at `p`.
inline std::uint32_t GetU32(const char* p) {
  const auto byte = [p](int i) -> std::uint32_t { return static_cast<unsigned char>(p[i]); };
  return byte(0) | byte(1) << 8 | byte(2) << 16 | byte(3) << 24;
}

}  // namespace piperpc::wire
