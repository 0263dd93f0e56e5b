#include "src/transport/packet_check.h"

#include "absl/strings/str_cat.h"

namespace piperpc::transport {

std::size_t PacketSize(std::span<const Bytes> slices) {
  std::size_t size = 0;
  for (const Bytes slice : slices) size += slice.size();
  return size;
}

absl::Status CheckPacket(std::span<const Bytes> slices) {
  const std::size_t size = PacketSize(slices);
  if (size > 0 && size <= kMaxPacketBytes && slices.size() <= kMaxSlices) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      "the packet has ", size, " bytes in ", slices.size(), " slices; it must have 1 to ",
      kMaxPacketBytes, " bytes in at most ", kMaxSlices, " slices"));
}

}  // namespace piperpc::transport
