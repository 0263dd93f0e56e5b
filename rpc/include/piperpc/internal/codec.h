// Messages without their types: what the runtime needs of them is their size and their bytes.
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message_lite.h"
#include "piperpc/export.h"
#include "piperpc/internal/nesting.h"
#include "piperpc/raw_message.h"

namespace piperpc {
namespace internal {

template <typename T>
concept ProtoMessage = std::derived_from<T, google::protobuf::MessageLite>;

// A message on its way out: a view of an object that outlives the view.
class PIPERPC_EXPORT OutMessage {
 public:
  template <ProtoMessage T>
  static OutMessage Of(const T& message) {
    const google::protobuf::MessageLite& base = message;
    const std::size_t size = base.ByteSizeLong();
    return OutMessage(&base, {}, size, NestingCheckOf<T>(size));
  }
  static OutMessage Of(const RawMessage& message) {
    return OutMessage(nullptr, {message.bytes}, message.bytes.size(), nullptr);
  }

  std::size_t size() const { return size_; }

  // No receiver can parse it: it has more than kMaxNesting levels. Where its size and its type
  // allow so many, that costs about as much as to send it: ask first for what else speaks against
  // it.
  bool too_deep() const { return may_be_too_deep() && check_(*message_, size_); }
  bool may_be_too_deep() const { return check_ != nullptr; }

  // Writes the size() bytes of the message at `out`.
  void WriteTo(char* out) const;

 private:
  OutMessage(const google::protobuf::MessageLite* message, std::span<const char> bytes,
             std::size_t size, NestingCheck check)
      : message_(message), bytes_(bytes), size_(size), check_(check) {}

  const google::protobuf::MessageLite* message_;  // Null: `bytes_` it is.
  std::span<const char> bytes_;
  std::size_t size_;
  NestingCheck check_;  // Null: it cannot be too deep.
};

// The bytes that a message takes on the wire.
std::size_t ByteSize(const ProtoMessage auto& message) {
  const google::protobuf::MessageLite& base = message;
  return base.ByteSizeLong();
}
inline std::size_t ByteSize(const RawMessage& message) { return message.bytes.size(); }

enum class ParseResult {
  kParsed,
  kMalformed,  // The bytes are damaged, are another message, or nest too deep by far.
  kTooDeep,    // They would be that message, had it no more than kMaxNesting levels.
  kNoMemory,   // The system has no memory for it.
};

PIPERPC_EXPORT ParseResult ParseMessage(std::span<const char> bytes,
                                        google::protobuf::MessageLite& message);

PIPERPC_EXPORT ParseResult ParseMessage(std::span<const char> bytes, RawMessage& message);

// The status of a call whose own message, "a request of X", nests too deep to be sent.
PIPERPC_EXPORT absl::Status TooDeepToSend(absl::StatusCode code, std::string_view what,
                                          std::size_t size);

// The status of a call whose message of `size` bytes could not be parsed: RESOURCE_EXHAUSTED
// without memory, else of `code`. `what` could not be done: "cannot parse a request of X". `why` is
// not kParsed.
PIPERPC_EXPORT absl::Status Unparsed(absl::StatusCode code, std::string_view what, std::size_t size,
                                     ParseResult why);

// What is wrong with `size` bytes that could not be parsed, the limit, and what to do. `why` is
// kMalformed or kTooDeep.
PIPERPC_EXPORT std::string ExplainUnparsed(ParseResult why, std::size_t size);

// What a server's error calls the limit that a reply is above, where it is the client's. A program
// that knows how to raise that limit looks for this text.
inline constexpr std::string_view kClientMessageLimit = "ChannelOptions::max_message_bytes";

}  // namespace internal
}  // namespace piperpc
