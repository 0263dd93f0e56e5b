// What golden/version_1.txt has is understood as it says there, by this version and every later
// one.
#include "golden_packets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <sstream>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "src/base/text.h"
#include "src/wire/control.h"
#include "src/wire/metadata.h"
#include "src/wire/status.h"
#include "wire/packets.h"

namespace piperpc::wire {
namespace {

struct Golden {
  std::string name;
  std::string packet;
  std::vector<std::string> frames;  // What they say.
};

bool IsHex(const std::string& line) {
  return !line.empty() && line.size() % 2 == 0 &&
         std::all_of(line.begin(), line.end(), [](unsigned char c) { return std::isxdigit(c); });
}

std::vector<Golden> ReadGoldens() {
  std::istringstream file(kGoldens);
  std::vector<Golden> goldens;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("= ")) {
      goldens.push_back({.name = line.substr(2), .packet = {}, .frames = {}});
    } else if (IsHex(line)) {
      goldens.back().packet += absl::HexStringToBytes(line);
    } else if (!line.empty() && !line.starts_with("#")) {
      goldens.back().frames.push_back(line);
    }
  }
  return goldens;
}

std::string Hex(std::string_view bytes) { return absl::BytesToHexString(base::ToAbsl(bytes)); }

std::string DescribeStatus(const absl::Status& status) {
  std::string text =
      absl::StrCat(" status=", static_cast<int>(status.code()), ",\"", status.message(), "\"");
  status.ForEachPayload([&](absl::string_view type, const absl::Cord& value) {
    absl::StrAppend(&text, ",", type, ":", Hex(std::string(value)));
  });
  return text;
}

std::string DescribePayload(const Frame& frame) {
  if (frame.header.kind == FrameKind::kHello) {
    const auto hello = DecodeHello(frame.payload);
    if (!hello.ok()) return absl::StrCat(" ", hello.status().ToString());
    return absl::StrCat(" versions=", hello->min_version, "-", hello->max_version,
                        " packet=", hello->max_packet_bytes, " message=", hello->max_message_bytes,
                        " calls=", hello->max_calls, " metadata=", hello->max_metadata_bytes,
                        " credit=", hello->initial_credit,
                        " implementation=", base::ToAbsl(hello->implementation));
  }
  if (frame.header.kind == FrameKind::kGoaway) {
    const auto goaway = DecodeGoaway(frame.payload);
    if (!goaway.ok()) return absl::StrCat(" ", goaway.status().ToString());
    return absl::StrCat(" last_call_id=", goaway->last_call_id, DescribeStatus(goaway->status));
  }
  return frame.payload.empty() ? "" : absl::StrCat(" payload=", Hex(Text(frame.payload)));
}

std::string Describe(const Frame& frame) {
  const FrameHeader& header = frame.header;
  std::string text = absl::StrCat("kind=", static_cast<std::uint32_t>(header.kind));
  if (header.call_id != 0) absl::StrAppend(&text, " call=", header.call_id);
  if (header.flags != 0) absl::StrAppend(&text, " flags=", header.flags);
  if (!header.method.empty()) absl::StrAppend(&text, " method=", base::ToAbsl(header.method));
  if (header.timeout_us != 0) absl::StrAppend(&text, " timeout_us=", header.timeout_us);
  if (header.credit != 0) absl::StrAppend(&text, " credit=", header.credit);
  if (header.message_size != 0) absl::StrAppend(&text, " message_size=", header.message_size);
  if (const auto metadata = DecodeMetadata(header.metadata); metadata.ok()) {
    for (const auto& [key, value] : *metadata) {
      absl::StrAppend(&text, " ", key, ":", Hex(value));
    }
  } else {
    absl::StrAppend(&text, " ", metadata.status().ToString());
  }
  if (header.has_status) {
    absl::Status status;
    const absl::Status damage = DecodeStatus(header.status, status);
    text += damage.ok() ? DescribeStatus(status) : absl::StrCat(" ", damage.ToString());
  }
  return text + DescribePayload(frame);
}

std::vector<std::string> DescribePacket(const std::string& packet) {
  std::vector<std::string> frames;
  PacketReader reader(packet);
  while (!reader.done()) {
    Frame frame;
    if (!reader.Next(frame)) {
      frames.push_back(reader.damage().ToString());
      break;
    }
    frames.push_back(Describe(frame));
  }
  return frames;
}

TEST(GoldenPackets, AreUnderstood) {
  const std::vector<Golden> goldens = ReadGoldens();
  ASSERT_GE(goldens.size(), 20u);
  for (const Golden& golden : goldens) {
    EXPECT_EQ(DescribePacket(golden.packet), golden.frames) << golden.name;
  }
}

}  // namespace
}  // namespace piperpc::wire
