// Turns the request words of a command line into messages.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "google/protobuf/message.h"
#include "piperpc/raw_message.h"
#include "piperpc/service.h"
#include "tools/piperpc/command_deadline.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {

using MessagePtr = std::unique_ptr<google::protobuf::Message>;
using NewRequest = std::function<MessagePtr()>;

// The requests that a call sends.
struct RequestPlan {
  // True: they come from standard input. All of it is one message, or, when the method streams its
  // requests, each line is one.
  bool from_input = false;
  std::vector<MessagePtr> messages;  // Empty when from_input.
};

// Each of `words` is JSON ("{…}"), @file (JSON; or JSON lines when the method streams its
// requests), or field=value; consecutive field=value words make up one message. "-" alone is
// standard input. Without words: the empty message, or standard input when the method streams its
// requests. A usage error when a word is wrong or there are too many messages. `deadline` limits
// the wait for a file that is a pipe.
OutcomeOr<RequestPlan> PlanRequests(const std::vector<std::string>& words, MethodType type,
                                    const NewRequest& new_request,
                                    const CommandDeadline& deadline = {});

// The bytes that a call sends.
RawMessage BytesOf(const google::protobuf::Message& message);

// True for a line without content, which is skipped in JSON lines.
bool IsBlank(std::string_view line);

}  // namespace piperpc::cli
