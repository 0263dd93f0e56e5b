// Packets that neither side may send the other.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conformance/frames.h"

namespace piperpc::conformance {

struct Damage {
  std::string name;
  std::string packet;
  const char* text;  // A part of what the goaway says.
};

std::vector<Damage> DamagedLengths();
std::vector<Damage> DamagedFields();   // Of the header of a PING.
std::vector<Damage> DamagedGoaways();  // Their payloads.

// A PING of the payload "p": with these fields behind its kind; and with a header of this size.
std::string PingWith(std::string_view fields);
std::string PingWithHeaderOf(std::size_t size);

inline constexpr std::size_t kMaxHeaderBytes = 65'536;

}  // namespace piperpc::conformance
