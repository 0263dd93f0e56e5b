// A message as its bytes, for code that does not know its type: a proxy, a gateway, a command line.
#pragma once

#include <string>
#include <utility>

namespace piperpc {

// What stands for a message of protobuf in raw_client.h and raw_service.h. Nobody looks at the
// bytes on the way: they are what the other side parses. 0 bytes to 2 GiB - 1, and no more than
// either side's max_message_bytes.
struct RawMessage {
  // With constructors, as g++ 12 breaks aggregates in a co_await expression (see task.h).
  RawMessage() = default;
  RawMessage(std::string message) : bytes(std::move(message)) {}  // NOLINT: where bytes are given.

  std::string bytes;
};

// Yielded by a handler of catch_all_service.h, it ends the call with OK and this message. A handler
// that knows its method's type has no use for it: a client that knows the method as one that
// streams its replies takes such an end for a method of another type.
struct RawResponse {
  explicit RawResponse(RawMessage response) : message(std::move(response)) {}

  RawMessage message;
};

}  // namespace piperpc
