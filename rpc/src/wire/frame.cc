#include "src/wire/frame.h"

#include <cassert>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include "absl/base/attributes.h"
#include "absl/strings/str_cat.h"
#include "src/base/text.h"
#include "src/wire/fields.h"
#include "src/wire/limits.h"

namespace piperpc::wire {
namespace {

constexpr std::size_t kPrefixBytes = 4;
constexpr std::size_t kMaxPayloadBytes = std::numeric_limits<std::uint32_t>::max();

// The field numbers of FrameHeader in frame.proto.
enum Number : std::uint32_t {
  kKind = 1,
  kCallId = 2,
  kFlags = 3,
  kMethod = 4,
  kTimeoutUs = 5,
  kMetadata = 6,
  kStatus = 7,
  kCredit = 8,
  kMessageSize = 9,
};
constexpr std::uint32_t kLastNumber = kMessageSize;

std::size_t HeaderSize(const FrameHeader& header) {
  std::size_t size =
      VarintFieldSize(kKind, static_cast<std::uint32_t>(header.kind)) +
      VarintFieldSize(kCallId, header.call_id) + VarintFieldSize(kFlags, header.flags) +
      VarintFieldSize(kTimeoutUs, header.timeout_us) + header.metadata.size() +
      VarintFieldSize(kCredit, header.credit) + VarintFieldSize(kMessageSize, header.message_size);
  if (!header.method.empty()) size += BytesFieldSize(kMethod, header.method.size());
  if (header.has_status) size += BytesFieldSize(kStatus, header.status.size());
  return size;
}

char* PutRaw(std::string_view bytes, char* out) {
  if (!bytes.empty()) std::memcpy(out, bytes.data(), bytes.size());
  return out + bytes.size();
}

char* PutVarintField(Number number, std::uint64_t value, char* out) {
  if (value == 0) return out;
  *out++ = static_cast<char>(MakeTag(number, WireType::kVarint));
  return PutVarint(value, out);
}

char* PutBytesField(Number number, std::string_view bytes, char* out) {
  *out++ = static_cast<char>(MakeTag(number, WireType::kBytes));
  return PutRaw(bytes, PutVarint(bytes.size(), out));
}

// Most messages of a stream and most replies have no field but their kind and the call's id.
bool HasMoreFields(const FrameHeader& header) {
  if (header.flags != 0) return true;
  return (header.timeout_us | header.credit | header.message_size | header.method.size() |
          header.metadata.size() | static_cast<std::size_t>(header.has_status)) != 0;
}

// In the order of the numbers, so that the bytes are those that protobuf itself would write.
char* PutHeader(const FrameHeader& header, char* out) {
  out = PutVarintField(kKind, static_cast<std::uint32_t>(header.kind), out);
  out = PutVarintField(kCallId, header.call_id, out);
  if (!HasMoreFields(header)) return out;
  out = PutVarintField(kFlags, header.flags, out);
  if (!header.method.empty()) out = PutBytesField(kMethod, header.method, out);
  out = PutVarintField(kTimeoutUs, header.timeout_us, out);
  out = PutRaw(header.metadata, out);
  if (header.has_status) out = PutBytesField(kStatus, header.status, out);
  out = PutVarintField(kCredit, header.credit, out);
  return PutVarintField(kMessageSize, header.message_size, out);
}

// Around a header that ends at `header_end`; `out`: where its frame begins.
char* PutLengths(char* out, char* header_end, std::size_t payload_size) {
  const auto header_size = static_cast<std::size_t>(header_end - out) - kPrefixBytes;
  assert(header_size <= kMaxHeaderBytes && payload_size <= kMaxPayloadBytes);
  PutU32(static_cast<std::uint32_t>(header_size), out);
  return PutU32(static_cast<std::uint32_t>(payload_size), header_end);
}

absl::Status Damage(std::string_view what, std::uint64_t value, std::string_view relation,
                    std::uint64_t limit) {
  return absl::InvalidArgumentError(
      absl::StrCat(base::ToAbsl(what), " ", value, " ", base::ToAbsl(relation), " ", limit));
}

absl::Status WrongWireType(const Field& field) {
  return absl::InvalidArgumentError(absl::StrCat("FrameHeader field ", field.number(),
                                                 " has wire type ", field.tag & 7,
                                                 ", which is not that of the field"));
}

// Fills one FrameHeader. The fields come in any order, and of those given twice the last one
// counts, as protobuf has it; what a view cannot join (metadata in two places, two statuses) is
// damage. Inlined as a whole, so that it lives in registers: every frame comes through here.
class HeaderDecoder {
 public:
  HeaderDecoder(std::string_view bytes, FrameHeader& header) : reader_(bytes), header_(header) {}

  // False: the header is damaged, and Explain() tells how.
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool Run() {
    TakeKindAndCall();
    while (reader_.NextTag(field_)) {
      if (!Take()) return false;
    }
    return !reader_.damaged();
  }

  absl::Status Explain() const {
    return reader_.damaged() ? reader_.Damage("FrameHeader") : ExplainField();
  }

 private:
  // These two come first, in this order, in nearly every frame, and often alone. Where they do not,
  // nothing is taken.
  ABSL_ATTRIBUTE_ALWAYS_INLINE void TakeKindAndCall() {
    const std::string_view bytes = reader_.rest();
    if (bytes.size() < 4) return;
    const auto kind = static_cast<unsigned char>(bytes[1]);
    if (bytes[0] != MakeTag(kKind, WireType::kVarint) || kind >= 0x80 ||
        bytes[2] != MakeTag(kCallId, WireType::kVarint)) {
      return;
    }
    const char* const call_id = bytes.data() + 3;
    const char* const next = GetVarint(call_id, bytes.data() + bytes.size(), header_.call_id);
    if (next == nullptr) return;
    header_.kind = static_cast<FrameKind>(kind);
    reader_.SkipTo(next);
  }

  // Reads the value of the field whose tag was read. False: it is damaged or not allowed.
  ABSL_ATTRIBUTE_ALWAYS_INLINE bool Take() {
    switch (field_.tag) {
      case MakeTag(kKind, WireType::kVarint):
        if (!ReadU32()) return false;
        header_.kind = static_cast<FrameKind>(field_.value);
        return true;
      case MakeTag(kCallId, WireType::kVarint):
        return reader_.ReadVarint(header_.call_id);
      case MakeTag(kFlags, WireType::kVarint):
        if (!ReadU32()) return false;
        header_.flags = static_cast<std::uint32_t>(field_.value);
        return true;
      case MakeTag(kMethod, WireType::kBytes):
        return reader_.ReadBytes(header_.method) && header_.method.size() <= kMaxMethodBytes;
      case MakeTag(kTimeoutUs, WireType::kVarint):
        return reader_.ReadVarint(header_.timeout_us);
      case MakeTag(kMetadata, WireType::kBytes):
        return TakeMetadata();
      case MakeTag(kStatus, WireType::kBytes):
        return TakeStatus();
      case MakeTag(kCredit, WireType::kVarint):
        return reader_.ReadVarint(header_.credit);
      case MakeTag(kMessageSize, WireType::kVarint):
        return reader_.ReadVarint(header_.message_size);
      default:  // From a newer peer: stepped over.
        return reader_.ReadValue(field_) && field_.number() > kLastNumber;
    }
  }

  bool ReadU32() {
    return reader_.ReadVarint(field_.value) &&
           field_.value <= std::numeric_limits<std::uint32_t>::max();
  }

  // Entries that stand side by side become one view.
  bool TakeMetadata() {
    if (!reader_.ReadBytes(field_.bytes)) return false;
    std::string_view& metadata = header_.metadata;
    const char* begin = metadata.empty() ? field_.begin : metadata.data();
    if (begin + metadata.size() != field_.begin) return false;
    metadata = std::string_view(begin, static_cast<std::size_t>(reader_.position() - begin));
    return metadata.size() <= kMaxMetadataBytes;
  }

  bool TakeStatus() {
    if (header_.has_status || !reader_.ReadBytes(header_.status)) return false;
    header_.has_status = true;
    return header_.status.size() <= kMaxStatusBytes;
  }

  // What was wrong with the field that Take() refused.
  absl::Status ExplainField() const {
    switch (field_.tag) {
      case MakeTag(kKind, WireType::kVarint):
        return Damage("kind", field_.value, "is above", std::numeric_limits<std::uint32_t>::max());
      case MakeTag(kFlags, WireType::kVarint):
        return Damage("flags", field_.value, "is above", std::numeric_limits<std::uint32_t>::max());
      case MakeTag(kMethod, WireType::kBytes):
        return Damage("method length", header_.method.size(), "is above", kMaxMethodBytes);
      case MakeTag(kMetadata, WireType::kBytes):
        if (header_.metadata.size() <= kMaxMetadataBytes) {
          return absl::InvalidArgumentError(
              "the metadata entries are not consecutive in the FrameHeader");
        }
        return Damage("metadata size", header_.metadata.size(), "is above", kMaxMetadataBytes);
      case MakeTag(kStatus, WireType::kBytes):
        if (header_.status.size() <= kMaxStatusBytes) {
          return absl::InvalidArgumentError("FrameHeader has more than one status; the limit is 1");
        }
        return Damage("status size", header_.status.size(), "is above", kMaxStatusBytes);
      default:
        return WrongWireType(field_);
    }
  }

  FieldReader reader_;
  Field field_;
  FrameHeader& header_;
};

// Takes a length prefix and what it measures off the front of `rest`. False when the packet does
// not hold them, or they are above `limit`: `rest` is as it was, and ExplainPrefix() tells how.
bool TakePrefixed(std::size_t limit, Bytes& rest, Bytes& part) {
  if (rest.size() < kPrefixBytes) return false;
  const std::size_t size = GetU32(rest.data());
  if (size > limit || size > rest.size() - kPrefixBytes) return false;
  part = rest.subspan(kPrefixBytes, size);
  rest = rest.subspan(kPrefixBytes + size);
  return true;
}

// Decodes the damaged header again: a decoder that is asked for its reasons cannot stay in
// registers.
ABSL_ATTRIBUTE_COLD absl::Status ExplainHeader(std::string_view bytes) {
  FrameHeader header;
  HeaderDecoder decoder(bytes, header);
  decoder.Run();
  return decoder.Explain();
}

absl::Status ExplainPrefix(std::string_view what, std::size_t limit, Bytes rest) {
  const std::string length = absl::StrCat(base::ToAbsl(what), " length");
  if (rest.size() < kPrefixBytes) {
    return Damage(absl::StrCat("the packet ends inside the ", length, ":"), rest.size(), "bytes of",
                  kPrefixBytes);
  }
  const std::size_t size = GetU32(rest.data());
  if (size > limit) return Damage(length, size, "is above", limit);
  return Damage(length, size, "is more than the packet's remaining bytes,",
                rest.size() - kPrefixBytes);
}

}  // namespace

std::size_t FrameSize(const FrameHeader& header, std::size_t payload_size) {
  return kPrefixBytes + HeaderSize(header) + kPrefixBytes + payload_size;
}

char* EncodeFramePrefix(const FrameHeader& header, std::size_t payload_size, char* out) {
  char* const end = PutHeader(header, out + kPrefixBytes);
  assert(static_cast<std::size_t>(end - out) == kPrefixBytes + HeaderSize(header));
  return PutLengths(out, end, payload_size);
}

char* EncodeMessagePrefix(std::uint64_t call_id, std::size_t payload_size, char* out) {
  const auto kind = static_cast<std::uint32_t>(FrameKind::kMessage);
  char* const end = PutVarintField(kKind, kind, out + kPrefixBytes);
  return PutLengths(out, PutVarintField(kCallId, call_id, end), payload_size);
}

bool PacketReader::Next(Frame& frame) {
  Bytes bytes;
  if (!TakePrefixed(kMaxHeaderBytes, rest_, bytes)) {
    return Stop(ExplainPrefix("header", kMaxHeaderBytes, rest_));
  }
  const std::string_view header(bytes.data(), bytes.size());
  frame.header = FrameHeader();
  if (!HeaderDecoder(header, frame.header).Run()) return Stop(ExplainHeader(header));
  if (TakePrefixed(kMaxPayloadBytes, rest_, frame.payload)) return true;
  return Stop(ExplainPrefix("payload", kMaxPayloadBytes, rest_));
}

// Damage leaves nothing to read: there is no telling where the next frame would begin.
bool PacketReader::Stop(absl::Status damage) {
  damage_ = std::move(damage);
  rest_ = {};
  return false;
}

}  // namespace piperpc::wire
