#include "src/connection/violations.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "src/wire/limits.h"

namespace piperpc::connection {
namespace {

std::uint32_t Number(wire::FrameKind kind) { return static_cast<std::uint32_t>(kind); }

std::string Name(const wire::FrameHeader& header) {
  return absl::StrCat("a frame of kind ", Number(header.kind), " for call ", header.call_id);
}

}  // namespace

absl::Status PacketTooLarge(std::size_t size, std::size_t limit) {
  return absl::InvalidArgumentError(
      absl::StrCat("the packet has ", size, " bytes; the limit is ", limit, " (max_packet_bytes)"));
}

absl::Status FirstFrameIsNotHello(wire::FrameKind kind) {
  return absl::InvalidArgumentError(
      absl::StrCat("the first frame must be a Hello (kind 1), not a frame of kind ", Number(kind)));
}

absl::Status SecondHello() {
  return absl::InvalidArgumentError("a connection has one Hello, and this is the second");
}

absl::Status PingTooLarge(std::size_t size) {
  return absl::InvalidArgumentError(
      absl::StrCat("the ping has ", size, " bytes; the limit is ", wire::kMaxPingBytes));
}

absl::Status CallNeverBegun(const wire::FrameHeader& header) {
  return absl::InvalidArgumentError(absl::StrCat(Name(header), ", which was never begun"));
}

absl::Status UnexpectedFrame(const wire::FrameHeader& header) {
  return absl::InvalidArgumentError(
      absl::StrCat(Name(header), ", which is unknown, or not one that this peer may send"));
}

}  // namespace piperpc::connection
