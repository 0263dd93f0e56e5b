#include "src/wire/control.h"

#include <algorithm>
#include <limits>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "src/base/text.h"
#include "src/wire/fields.h"
#include "src/wire/status.h"
#include "src/wire/utf8.h"

namespace piperpc::wire {
namespace {

// The field numbers of Hello and Goaway in frame.proto.
enum HelloNumber : std::uint32_t {
  kMagicNumber = 1,
  kMinVersionNumber = 2,
  kMaxVersionNumber = 3,
  kMaxPacket = 4,
  kMaxMessage = 5,
  kMaxCalls = 6,
  kMaxMetadata = 7,
  kInitialCredit = 8,
  kImplementation = 9,
};
enum GoawayNumber : std::uint32_t { kStatus = 1, kLastCallId = 2 };

constexpr std::size_t kMaxImplementationBytes = 256;
constexpr std::size_t kMostNumbersBytes = 64;  // About what all other fields of a Hello take.

std::string_view View(Bytes bytes) { return {bytes.data(), bytes.size()}; }

// A limit above what 32 bits hold is as good as the largest that they do.
std::uint32_t Saturate(std::uint64_t value) {
  return static_cast<std::uint32_t>(
      std::min<std::uint64_t>(value, std::numeric_limits<std::uint32_t>::max()));
}

void TakeField(const Field& field, Hello& hello) {
  switch (field.tag) {
    case MakeTag(kMagicNumber, WireType::kFixed32):
      hello.magic = static_cast<std::uint32_t>(field.value);
      return;
    case MakeTag(kMinVersionNumber, WireType::kVarint):
      hello.min_version = Saturate(field.value);
      return;
    case MakeTag(kMaxVersionNumber, WireType::kVarint):
      hello.max_version = Saturate(field.value);
      return;
    case MakeTag(kMaxPacket, WireType::kVarint):
      hello.max_packet_bytes = Saturate(field.value);
      return;
    case MakeTag(kMaxMessage, WireType::kVarint):
      hello.max_message_bytes = std::min(field.value, kMaxMessageBytes);
      return;
    case MakeTag(kMaxCalls, WireType::kVarint):
      hello.max_calls = Saturate(field.value);
      return;
    case MakeTag(kMaxMetadata, WireType::kVarint):
      hello.max_metadata_bytes = Saturate(std::min<std::uint64_t>(field.value, kMaxMetadataBytes));
      return;
    case MakeTag(kInitialCredit, WireType::kVarint):
      hello.initial_credit = field.value;
      return;
    case MakeTag(kImplementation, WireType::kBytes):
      hello.implementation = field.bytes;
      return;
  }
}

absl::Status CheckMagic(std::uint32_t magic) {
  if (magic == kMagic) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("Hello has the magic 0x", absl::Hex(magic, absl::kZeroPad8), ", not 0x",
                   absl::Hex(kMagic, absl::kZeroPad8), ": the peer does not speak PipeRPC"));
}

absl::Status AtLeast(std::string_view name, std::uint64_t value, std::uint64_t limit) {
  if (value >= limit) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(base::ToAbsl(name), " in Hello is ", value, "; it must be at least ", limit));
}

absl::Status CheckLimits(const Hello& hello) {
  absl::Status status = AtLeast("max_packet_bytes", hello.max_packet_bytes, kEarlyPacketBytes);
  status.Update(AtLeast("max_message_bytes", hello.max_message_bytes, kEarlyMessageBytes));
  // A peer that takes no calls at all, which is what a client is, says 0.
  if (hello.max_calls != 0) status.Update(AtLeast("max_calls", hello.max_calls, kEarlyCalls));
  status.Update(AtLeast("max_metadata_bytes", hello.max_metadata_bytes, kEarlyMetadataBytes));
  status.Update(AtLeast("initial_credit", hello.initial_credit, kEarlyCredit));
  return status;
}

}  // namespace

std::string EncodeHello(const Hello& hello) {
  std::string out;
  out.reserve(kMostNumbersBytes + hello.implementation.size());
  AppendFixed32Field(kMagicNumber, hello.magic, out);
  AppendVarintField(kMinVersionNumber, hello.min_version, out);
  AppendVarintField(kMaxVersionNumber, hello.max_version, out);
  AppendVarintField(kMaxPacket, hello.max_packet_bytes, out);
  AppendVarintField(kMaxMessage, hello.max_message_bytes, out);
  AppendVarintField(kMaxCalls, hello.max_calls, out);
  AppendVarintField(kMaxMetadata, hello.max_metadata_bytes, out);
  AppendVarintField(kInitialCredit, hello.initial_credit, out);
  AppendBytesField(kImplementation, Utf8Prefix(hello.implementation, kMaxImplementationBytes), out);
  return out;
}

absl::StatusOr<Hello> DecodeHello(Bytes payload) {
  Hello hello;
  hello.magic = hello.min_version = hello.max_version = 0;  // Absent fields are zero.
  FieldReader reader(View(payload));
  Field field;
  while (reader.Next(field)) TakeField(field, hello);
  if (reader.damaged()) return reader.Damage("Hello");
  absl::Status status = CheckMagic(hello.magic);
  if (status.ok()) status = CheckLimits(hello);
  if (!status.ok()) return status;
  return hello;
}

bool HasMagic(Bytes payload) {
  FieldReader reader(View(payload));
  Field field;
  std::uint64_t magic = 0;
  while (reader.Next(field)) {
    if (field.tag == MakeTag(kMagicNumber, WireType::kFixed32)) magic = field.value;
  }
  return magic == kMagic;
}

absl::StatusOr<std::uint32_t> ChooseVersion(const Hello& theirs) {
  const std::uint32_t low = std::max(theirs.min_version, kMinVersion);
  const std::uint32_t high = std::min(theirs.max_version, kMaxVersion);
  if (low <= high) return high;
  return absl::FailedPreconditionError(
      absl::StrCat("no version in common: the peer speaks ", theirs.min_version, " to ",
                   theirs.max_version, ", this side ", kMinVersion, " to ", kMaxVersion));
}

std::string EncodeGoaway(const Goaway& goaway) {
  std::string out;
  if (!goaway.status.ok()) AppendMessageField(kStatus, EncodeStatus(goaway.status), out);
  AppendVarintField(kLastCallId, goaway.last_call_id, out);
  return out;
}

absl::StatusOr<Goaway> DecodeGoaway(Bytes payload) {
  Goaway goaway;
  std::string_view status;
  FieldReader reader(View(payload));
  Field field;
  while (reader.Next(field)) {
    if (field.tag == MakeTag(kStatus, WireType::kBytes)) status = field.bytes;
    if (field.tag == MakeTag(kLastCallId, WireType::kVarint)) goaway.last_call_id = field.value;
  }
  if (reader.damaged()) return reader.Damage("Goaway");
  if (absl::Status damage = DecodeStatus(status, goaway.status); !damage.ok()) return damage;
  return goaway;
}

}  // namespace piperpc::wire
