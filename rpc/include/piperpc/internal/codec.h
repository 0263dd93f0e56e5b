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

// Parses with the recursion limit of the runtime (32). False: `bytes` is no such message.
bool ParseMessage(std::span<const char> bytes, google::protobuf::MessageLite& message);

inline bool ParseMessage(std::span<const char> bytes, RawMessage& message) {
  message.bytes.assign(bytes.data(), bytes.size());
  return true;
}

}  // namespace internal
}  // namespace piperpc
