// A message as bytes, for code that does not know its type: a proxy, a gateway, a command line.
#pragma once

#include <string>
#include <utility>

namespace piperpc {

// Takes the place of a protobuf message in raw_client.h and raw_service.h. The bytes are the
// serialised message; the library does not look at them. Up to the receiver's max_message_bytes,
// and at most 2 GiB - 1.
struct RawMessage {
  // Has constructors because g++ 12 breaks aggregates in a co_await expression (see task.h).
  RawMessage() = default;
  RawMessage(std::string message) : bytes(std::move(message)) {}  // NOLINT: implicit on purpose.

  std::string bytes;
};

// When a handler of catch_all_service.h yields it, the call ends with OK and this message. Not for
// handlers that know that their method streams its replies: clients reject it, because the response
// of a streaming method must be empty.
struct RawResponse {
  explicit RawResponse(RawMessage response) : message(std::move(response)) {}

  RawMessage message;
};

}  // namespace piperpc
