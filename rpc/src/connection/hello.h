// What both sides say in their Hello.
#pragma once

#include <cstdint>

#include "src/wire/control.h"

namespace piperpc::connection {

// `options`: a server's or a channel's. It takes no calls, and knows all versions.
template <typename Options>
wire::Hello HelloOf(const Options& options) {
  wire::Hello hello;
  hello.max_packet_bytes = static_cast<std::uint32_t>(options.max_packet_bytes);
  hello.max_message_bytes = options.max_message_bytes;
  hello.max_metadata_bytes = static_cast<std::uint32_t>(options.max_metadata_bytes);
  hello.initial_credit = options.stream_credit_bytes;
  hello.implementation = "piperpc-cpp/" PIPERPC_VERSION;
  return hello;
}

}  // namespace piperpc::connection
