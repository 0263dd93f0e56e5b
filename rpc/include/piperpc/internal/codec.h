// Messages without their types: what the runtime needs of them is their size and their bytes.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>

#include "google/protobuf/message_lite.h"

namespace piperpc {

// A message that is handled as its bytes: for a proxy or a gateway, which knows no types.
struct RawMessage {
  std::string bytes;
};

namespace internal {

template <typename T>
concept ProtoMessage = std::derived_from<T, google::protobuf::MessageLite>;

// A message on its way out: a view of an object that outlives the view.
class OutMessage {
 public:
  template <ProtoMessage T>
  static OutMessage Of(const T& message) {
    const google::protobuf::MessageLite& base = message;
    return OutMessage(&base, {}, base.ByteSizeLong());
  }
  static OutMessage Of(const RawMessage& message) {
    return OutMessage(nullptr, {message.bytes}, message.bytes.size());
  }

  std::size_t size() const { return size_; }

  // Writes the size() bytes of the message at `out`.
  void WriteTo(char* out) const;

 private:
  OutMessage(const google::protobuf::MessageLite* message, std::span<const char> bytes,
             std::size_t size)
      : message_(message), bytes_(bytes), size_(size) {}

  const google::protobuf::MessageLite* message_;  // Null: `bytes_` it is.
  std::span<const char> bytes_;
  std::size_t size_;
};

// A message may have so many levels of messages below it. protobuf's own limit is 100, which is too
// deep for a worker's stack when a handler recurses along with the message.
inline constexpr int kMaxNesting = 32;

// What the type of a message says of its levels: each field that is a message, a group or a map is
// one.
enum class Nesting {
  kAny,      // Its bytes say how many they are.
  kShallow,  // They are never more than kMaxNesting, whatever its bytes.
};

// False: `bytes` is no such message, or one of more levels than kMaxNesting.
//
// kShallow saves the time to count them. Groups of a field that the type does not know are levels,
// too, and only kAny counts those; with kShallow protobuf refuses more than its 100. That many are
// harmless: they are unknown fields, which a handler does not recurse into, and protobuf, which
// does when it reads, copies or destroys them (the lite runtime keeps them as bytes), needs some
// hundred bytes of stack for each.
bool ParseMessage(std::span<const char> bytes, google::protobuf::MessageLite& message,
                  Nesting nesting = Nesting::kAny);

inline bool ParseMessage(std::span<const char> bytes, RawMessage& message,
                         Nesting = Nesting::kAny) {
  message.bytes.assign(bytes.data(), bytes.size());
  return true;
}

}  // namespace internal
}  // namespace piperpc
