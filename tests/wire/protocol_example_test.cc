// The example packet of rpc/PROTOCOL.md, byte for byte. Who changes one changes the other.
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/escaping.h"
#include "src/base/text.h"
#include "src/wire/control.h"
#include "wire/packets.h"

namespace piperpc::wire {
namespace {

std::string HelloFrame() {
  FrameHeader header;
  header.kind = FrameKind::kHello;
  Hello hello;
  hello.max_packet_bytes = 128 * 1024;
  hello.max_message_bytes = 4 * 1024 * 1024;
  hello.max_metadata_bytes = 8 * 1024;
  hello.initial_credit = 256 * 1024;
  hello.implementation = "example/1";
  return EncodeFrame(header, EncodeHello(hello));
}

TEST(ProtocolExampleTest, HelloAndRequestInOnePacket) {
  FrameHeader request;
  request.kind = FrameKind::kRequest;
  request.call_id = 1;
  request.flags = kEnd;
  request.method = "upper.v1.UpperService/Uppercase";
  request.timeout_us = 1'000'000;
  const std::string packet = HelloFrame() + EncodeFrame(request, BytesField(1, "hi"));
  EXPECT_EQ(absl::BytesToHexString(packet),
            "02000000"
            "0801"  // Header of HELLO.
            "24000000"
            "0d50525043"
            "1001"
            "1801"  // Its payload: magic, versions,
            "20808008"
            "2880808002"
            "388040"
            "40808010"                // limits,
            "4a096578616d706c652f31"  // implementation.
            "2b000000"
            "0802"
            "1001"
            "1802"  // Header of REQUEST: kind, call_id, flags,
            "221f75707065722e76312e5570706572536572766963652f557070657263617365"  // method,
            "28c0843d"                                                            // timeout_us.
            "04000000"
            "0a026869");
}

}  // namespace
}  // namespace piperpc::wire
