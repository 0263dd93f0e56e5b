// A packet of a test's own, on a pipe that no connection has.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "src/transport/pipe.h"

namespace piperpc::testing {

// Fails the test where the pipe does not take it.
inline void SendPacket(transport::Pipe& pipe, std::string_view packet) {
  const transport::Bytes slice(packet.data(), packet.size());
  EXPECT_TRUE(pipe.Send({&slice, 1}).ok());
}

}  // namespace piperpc::testing
