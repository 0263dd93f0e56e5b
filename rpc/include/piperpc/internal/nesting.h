// How deep messages nest, and the limit. Templates, because what a program of lite messages links
// has no descriptors.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <set>
#include <string_view>
#include <type_traits>

#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/message_lite.h"

namespace piperpc::internal {

// The most levels of messages that a message may have below itself: protobuf's own limit. A field
// that is a message or a group is a level, an entry of a map is one more; groups of fields that the
// type does not know count as well.
inline constexpr int kMaxNesting = 100;

// A level takes at least two bytes: the tag and the length, or the two tags, of a field.
constexpr bool MayNest(std::size_t size, int levels) {
  return size / 2 >= static_cast<std::size_t>(levels);
}

// Whether a message of `type` can have more than kMaxNesting levels, which nearly only a type can
// that contains itself. A type with extensions can contain any other.
template <typename Descriptor>
bool CanNestTooDeep(const Descriptor* type) {
  std::set<const Descriptor*> level{type};
  for (int i = 0; i <= kMaxNesting; ++i) {
    std::set<const Descriptor*> next;
    for (const Descriptor* const at : level) {
      if (at->extension_range_count() > 0) return true;
      for (int j = 0; j < at->field_count(); ++j) {
        if (const Descriptor* const inner = at->field(j)->message_type()) next.insert(inner);
      }
    }
    level.swap(next);
  }
  return !level.empty();
}

// Counts the levels of a serialized message, and looks into no part of it that is too small to add
// to what was found.
template <typename Descriptor>
class LevelCounter {
 public:
  using Input = google::protobuf::io::CodedInputStream;

  // Of levels up to `least` it need not be told how many there are, nor of those above `most`.
  LevelCounter(std::string_view bytes, int least, int most)
      : input_(reinterpret_cast<const std::uint8_t*>(bytes.data()), static_cast<int>(bytes.size())),
        deepest_(least),
        most_(most) {}

  // Where the bytes are damaged, the levels until there.
  int Count(const Descriptor* type) {
    Enter(type, 0);
    return deepest_;
  }

 private:
  enum WireType : std::uint32_t { kVarint, kFixed64, kLength, kStartGroup, kEndGroup, kFixed32 };

  static const Descriptor* TypeOf(const Descriptor* parent, int field) {
    if (parent == nullptr) return nullptr;
    const auto* found = parent->FindFieldByNumber(field);
    if (found == nullptr) found = parent->file()->pool()->FindExtensionByNumber(parent, field);
    return found == nullptr ? nullptr : found->message_type();
  }

  // What is left of a message, or of a group, whose type is null where it is not known. False at
  // the end of the count.
  bool Enter(const Descriptor* type, int level) {
    while (const std::uint32_t tag = input_.ReadTag()) {
      std::uint64_t value = 0;
      switch (tag & 7) {
        case kVarint:
          if (!input_.ReadVarint64(&value)) return false;
          break;
        case kFixed64:
          if (!input_.Skip(8)) return false;
          break;
        case kFixed32:
          if (!input_.Skip(4)) return false;
          break;
        case kLength:
          if (!EnterField(TypeOf(type, static_cast<int>(tag >> 3)), level + 1)) return false;
          break;
        case kStartGroup:
          if (!Reach(level + 1)) return false;
          if (!Enter(TypeOf(type, static_cast<int>(tag >> 3)), level + 1)) return false;
          break;
        case kEndGroup:
          return true;
        default:
          return false;
      }
    }
    return true;
  }

  bool EnterField(const Descriptor* type, int level) {
    std::uint32_t size = 0;
    if (!input_.ReadVarint32(&size)) return false;
    if (type == nullptr) return input_.Skip(static_cast<int>(size));
    if (!Reach(level)) return false;
    if (!MayNest(size, deepest_ + 1 - level)) return input_.Skip(static_cast<int>(size));
    const auto limit = input_.PushLimit(static_cast<int>(size));
    const bool whole = Enter(type, level) && input_.BytesUntilLimit() == 0;
    input_.PopLimit(limit);
    return whole;
  }

  bool Reach(int level) {
    deepest_ = (std::max)(deepest_, level);
    return deepest_ <= most_;
  }

  Input input_;
  int deepest_;
  const int most_;
};

// How many levels of messages a serialized message of `type` has below itself; `most` + 1 when
// there are more than `most`.
template <typename Descriptor>
int LevelsOf(std::string_view bytes, const Descriptor* type, int most) {
  return LevelCounter<Descriptor>(bytes, 0, most).Count(type);
}

// Whether a message, of `size` bytes and with its sizes cached, has more than kMaxNesting levels.
using NestingCheck = bool (*)(const google::protobuf::MessageLite& message, std::size_t size);

// That for a message of type T. Serializes it where its type allows so many levels. Not known, and
// false, without memory, and of what is larger than any message: the receiver looks again.
template <typename T>
bool NestsTooDeep(const google::protobuf::MessageLite& message, std::size_t size) {
  static const bool can = CanNestTooDeep(T::descriptor());
  if (!can || size > std::size_t{(std::numeric_limits<int>::max)()}) return false;
  const std::unique_ptr<char[]> bytes(new (std::nothrow) char[size]);
  if (bytes == nullptr) return false;
  static_cast<void>(  // Newer protobuf wants its result used: where it has written to.
      message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(bytes.get())));
  using Descriptor = std::remove_cvref_t<decltype(*T::descriptor())>;
  LevelCounter<Descriptor> counter({bytes.get(), size}, kMaxNesting, kMaxNesting);
  return counter.Count(T::descriptor()) > kMaxNesting;
}

// Null where a message of T and of this size cannot have so many, and of lite messages, which have
// no descriptor.
template <typename T>
NestingCheck NestingCheckOf(std::size_t size) {
  if constexpr (requires { T::descriptor(); }) {
    return MayNest(size, kMaxNesting + 1) ? &NestsTooDeep<T> : nullptr;
  } else {
    return nullptr;
  }
}

}  // namespace piperpc::internal
