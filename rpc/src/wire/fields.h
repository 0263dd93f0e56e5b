// The fields of a protobuf message, read and written one by one, with no generated code.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "src/wire/varint.h"

namespace piperpc::wire {

// Protobuf's wire types, but for groups (3 and 4), which this protocol does not use.
enum class WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

constexpr std::uint32_t MakeTag(std::uint32_t number, WireType type) {
  return number << 3 | static_cast<std::uint32_t>(type);
}

struct Field {
  std::uint32_t tag = 0;        // MakeTag(number, type), the easiest thing to switch on.
  std::uint64_t value = 0;      // What a kVarint or a kFixed32 holds.
  std::string_view bytes;       // What a kBytes holds: a view.
  const char* begin = nullptr;  // Where the tag stands.

  std::uint32_t number() const { return tag >> 3; }
};

// Walks the fields of one encoded message:
//
//   FieldReader reader(bytes);
//   while (reader.Next(field)) switch (field.tag) { … }
//   if (reader.damaged()) return reader.Damage("Hello");
class FieldReader {
 public:
  explicit FieldReader(std::string_view message)
      : begin_(message.data()), p_(begin_), end_(begin_ + message.size()) {}

  // The next field, of any number. False at the end, and at damage.
  bool Next(Field& field) { return NextTag(field) && ReadValue(field); }

  // Next() in two steps, for whom the tag tells how to go on: first what comes, then its value by
  // ReadVarint() or ReadBytes(), if that is its type, or by ReadValue().
  bool NextTag(Field& field) {
    if (p_ == end_) return false;
    field.begin = p_;
    const auto first = static_cast<unsigned char>(*p_);
    if (first < 8 || first >= 0x80) return NextLongTag(field);
    field.tag = first;
    value_ = p_ + 1;
    return true;
  }

  bool ReadVarint(std::uint64_t& value) {
    const char* const p = GetVarint(value_, end_, value);
    if (p == nullptr) return Stop("a varint that is cut off or above 64 bits");
    p_ = p;
    return true;
  }

  bool ReadBytes(std::string_view& bytes) {
    std::uint64_t size = 0;
    const char* const p = GetVarint(value_, end_, size);
    if (p == nullptr || size > static_cast<std::uint64_t>(end_ - p)) {
      return Stop("a field that is longer than the message");
    }
    bytes = std::string_view(p, static_cast<std::size_t>(size));
    p_ = p + size;
    return true;
  }

  bool ReadValue(Field& field) {
    switch (static_cast<WireType>(field.tag & 7)) {
      case WireType::kVarint:
        return ReadVarint(field.value);
      case WireType::kBytes:
        return ReadBytes(field.bytes);
      case WireType::kFixed32:
        if (end_ - value_ < 4) return Stop("a fixed32 that is cut off");
        field.value = GetU32(value_);
        p_ = value_ + 4;
        return true;
      case WireType::kFixed64:  // Only unknown fields have this type: stepped over.
        if (end_ - value_ < 8) return Stop("a fixed64 that is cut off");
        p_ = value_ + 8;
        return true;
    }
    return Stop("a wire type other than 0, 1, 2 and 5");
  }

  // What has not been read, and how to go on from a `place` in it at which a field ends.
  std::string_view rest() const { return {p_, static_cast<std::size_t>(end_ - p_)}; }
  void SkipTo(const char* place) { p_ = place; }

  // Where the field that Next() gave last ends.
  const char* position() const { return p_; }

  bool damaged() const { return damage_ != nullptr; }

  // INVALID_ARGUMENT: what is wrong with the message called `name`, and at which byte.
  absl::Status Damage(std::string_view name) const;

 private:
  // The tag of a number above 15, or one that is no tag at all.
  bool NextLongTag(Field& field) {
    std::uint64_t tag = 0;
    const char* const p = GetLongVarint(p_, end_, tag);
    if (p == nullptr || tag < 8 || tag > 0xffffffff) return Stop("an invalid tag");
    field.tag = static_cast<std::uint32_t>(tag);
    value_ = p;
    return true;
  }

  bool Stop(const char* damage) {
    damage_ = damage;
    return false;
  }

  const char* begin_;
  const char* p_;      // Where the next field begins.
  const char* value_;  // Of the field whose tag was read last.
  const char* end_;
  const char* damage_ = nullptr;
};

// How many bytes a field takes. Absent (zero) varints take none, as proto3 has it.
constexpr std::size_t VarintFieldSize(std::uint32_t number, std::uint64_t value) {
  return value == 0 ? 0 : VarintSize(MakeTag(number, WireType::kVarint)) + VarintSize(value);
}
constexpr std::size_t BytesFieldSize(std::uint32_t number, std::size_t size) {
  return VarintSize(MakeTag(number, WireType::kBytes)) + VarintSize(size) + size;
}

// Append a field to `out`; those that are zero or empty are left out, as proto3 has it.
void AppendVarintField(std::uint32_t number, std::uint64_t value, std::string& out);
void AppendFixed32Field(std::uint32_t number, std::uint32_t value, std::string& out);
void AppendBytesField(std::uint32_t number, std::string_view bytes, std::string& out);

// The same for an embedded message, which is written even when it is empty.
void AppendMessageField(std::uint32_t number, std::string_view message, std::string& out);

// A message of two fields of bytes, numbers 1 and 2, as MetadataEntry and StatusDetail are.
struct Pair {
  std::string_view first;
  std::string_view second;
};

std::string EncodePair(const Pair& pair);

// Views into `message`. INVALID_ARGUMENT as Damage(); `name` is the message's.
absl::Status DecodePair(std::string_view message, std::string_view name, Pair& pair);

}  // namespace piperpc::wire
