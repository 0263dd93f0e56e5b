// FNV-1a: the same on every system.
#pragma once

#include <cstdint>
#include <string_view>

namespace piperpc::simulation {

inline constexpr std::uint64_t kHashBegin = 0xcbf29ce484222325;

constexpr std::uint64_t Hash(std::string_view bytes, std::uint64_t before = kHashBegin) {
  std::uint64_t hash = before;
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

}  // namespace piperpc::simulation
