// Many headers against protobuf itself, and many damaged packets. Seeded: every run is the same.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "fuzz/frame_fuzzer.h"
#include "piperpc/v1/frame.pb.h"
#include "src/wire/frame.h"
#include "wire/packets.h"

namespace piperpc::wire {
namespace {

using Random = std::mt19937_64;

std::uint64_t Below(Random& random, std::uint64_t limit) { return random() % limit; }

// Of every size: as many varints of one byte as of ten.
std::uint64_t RandomNumber(Random& random) { return random() >> Below(random, 64); }

std::string RandomText(Random& random, std::uint64_t limit) {
  std::string text(Below(random, limit), '\0');
  for (char& c : text) c = static_cast<char>('!' + Below(random, 90));
  return text;
}

v1::FrameHeader RandomHeader(Random& random) {
  v1::FrameHeader header;
  const std::uint64_t present = random();
  if (present & 1) header.set_kind(static_cast<v1::FrameKind>(Below(random, 12)));
  if (present & 2) header.set_call_id(RandomNumber(random));
  if (present & 4) header.set_flags(static_cast<std::uint32_t>(RandomNumber(random)));
  if (present & 8) header.set_method(RandomText(random, 200));
  if (present & 16) header.set_timeout_us(RandomNumber(random));
  for (std::uint64_t i = present & 32 ? Below(random, 4) : 0; i > 0; --i) {
    v1::MetadataEntry* entry = header.add_metadata();
    entry->set_key(RandomText(random, 20));
    entry->set_value(RandomText(random, 300));
  }
  if (present & 64) {
    header.mutable_status()->set_code(static_cast<std::int32_t>(Below(random, 17)));
    header.mutable_status()->set_message(RandomText(random, 100));
  }
  if (present & 128) header.set_credit(RandomNumber(random));
  if (present & 256) header.set_message_size(RandomNumber(random));
  return header;
}

// The metadata and the status as views into `storage`, as FrameHeader wants them.
struct Encoded {
  std::string metadata;
  std::string status;
};

FrameHeader ToFrameHeader(const v1::FrameHeader& proto, Encoded& storage) {
  v1::FrameHeader metadata_only;
  *metadata_only.mutable_metadata() = proto.metadata();
  storage = {metadata_only.SerializeAsString(), proto.status().SerializeAsString()};
  FrameHeader header;
  header.kind = static_cast<FrameKind>(proto.kind());
  header.call_id = proto.call_id();
  header.flags = proto.flags();
  header.method = proto.method();
  header.timeout_us = proto.timeout_us();
  header.metadata = storage.metadata;
  header.has_status = proto.has_status();
  header.status = storage.status;
  header.credit = proto.credit();
  header.message_size = proto.message_size();
  return header;
}

void ExpectSame(const FrameHeader& actual, const FrameHeader& expected) {
  EXPECT_EQ(actual.kind, expected.kind);
  EXPECT_EQ(actual.call_id, expected.call_id);
  EXPECT_EQ(actual.flags, expected.flags);
  EXPECT_EQ(actual.method, expected.method);
  EXPECT_EQ(actual.timeout_us, expected.timeout_us);
  EXPECT_EQ(actual.metadata, expected.metadata);
  EXPECT_EQ(actual.has_status, expected.has_status);
  EXPECT_EQ(actual.status, expected.status);
  EXPECT_EQ(actual.credit, expected.credit);
  EXPECT_EQ(actual.message_size, expected.message_size);
}

// A packet of up to three frames.
std::string RandomPacket(Random& random) {
  std::string packet;
  for (std::uint64_t frames = 1 + Below(random, 3); frames > 0; --frames) {
    Encoded storage;
    const v1::FrameHeader proto = RandomHeader(random);
    packet += EncodeFrame(ToFrameHeader(proto, storage), RandomText(random, 50));
  }
  return packet;
}

void RunFuzzer(const std::string& input) {
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

TEST(FrameRandomTest, EncodesWhatProtobufEncodes) {
  Random random(1);
  for (int i = 0; i < 5'000; ++i) {
    const v1::FrameHeader proto = RandomHeader(random);
    Encoded storage;
    const std::string payload = RandomText(random, 50);
    const std::string header = proto.SerializeAsString();
    EXPECT_EQ(EncodeFrame(ToFrameHeader(proto, storage), payload),
              LengthPrefix(static_cast<std::uint32_t>(header.size())) + header +
                  LengthPrefix(static_cast<std::uint32_t>(payload.size())) + payload);
  }
}

TEST(FrameRandomTest, DecodesWhatProtobufEncodes) {
  Random random(2);
  for (int i = 0; i < 5'000; ++i) {
    const v1::FrameHeader proto = RandomHeader(random);
    const std::string packet = FrameWithHeader(proto.SerializeAsString());
    const absl::StatusOr<Frame> frame = FirstFrame(packet);
    ASSERT_TRUE(frame.ok()) << frame.status();
    Encoded storage;
    ExpectSame(frame->header, ToFrameHeader(proto, storage));
  }
}

// Protobuf refuses text that is not UTF-8, and says so on standard error.
bool IsAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}
bool IsAscii(const FrameHeader& header) {
  return IsAscii(header.method) && IsAscii(header.metadata) && IsAscii(header.status);
}

// What is accepted means the same to protobuf, which accepts more: groups, for example.
TEST(FrameRandomTest, DamagedHeaderMeansToProtobufWhatItMeansHere) {
  Random random(3);
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string header = RandomHeader(random).SerializeAsString();
    if (header.empty()) continue;
    header[Below(random, header.size())] ^= static_cast<char>(1 << Below(random, 8));
    const std::string packet = FrameWithHeader(header);
    const absl::StatusOr<Frame> frame = FirstFrame(packet);
    v1::FrameHeader proto;
    if (!frame.ok() || !IsAscii(frame->header) || !proto.ParseFromString(header)) continue;
    ++accepted;
    EXPECT_EQ(static_cast<std::uint32_t>(frame->header.kind),
              static_cast<std::uint32_t>(proto.kind()));
    EXPECT_EQ(frame->header.call_id, proto.call_id());
    EXPECT_EQ(frame->header.flags, proto.flags());
    EXPECT_EQ(frame->header.method, proto.method());
    EXPECT_EQ(frame->header.timeout_us, proto.timeout_us());
    EXPECT_EQ(frame->header.has_status, proto.has_status());
    EXPECT_EQ(frame->header.credit, proto.credit());
    EXPECT_EQ(frame->header.message_size, proto.message_size());
  }
  EXPECT_GT(accepted, 1'000);
}

TEST(FrameRandomTest, EveryTruncationFailsCleanly) {
  Random random(4);
  for (int i = 0; i < 30; ++i) {
    Encoded storage;
    const v1::FrameHeader proto = RandomHeader(random);
    const std::string packet = EncodeFrame(ToFrameHeader(proto, storage), RandomText(random, 50));
    for (std::size_t size = 1; size < packet.size(); ++size) {
      const std::string cut = packet.substr(0, size);  // Its own memory, so that ASan sees its end.
      EXPECT_EQ(FirstFrame(cut).status().code(), absl::StatusCode::kInvalidArgument) << size;
      RunFuzzer(cut);
    }
  }
}

TEST(FrameRandomTest, FlippedBitsNeverCrash) {
  Random random(5);
  for (int i = 0; i < 10'000; ++i) {
    std::string packet = RandomPacket(random);
    for (std::uint64_t flips = 1 + Below(random, 4); flips > 0; --flips) {
      packet[Below(random, packet.size())] ^= static_cast<char>(1 << Below(random, 8));
    }
    RunFuzzer(packet);
  }
}

TEST(FrameRandomTest, RandomBytesNeverCrash) {
  Random random(6);
  for (int i = 0; i < 10'000; ++i) {
    std::string bytes(Below(random, 64), '\0');
    std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random()); });
    RunFuzzer(bytes);
  }
}

}  // namespace
}  // namespace piperpc::wire
