// The request words of a command line, made into messages.
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

// What a call sends.
struct RequestPlan {
  // Standard input: all of it is one message, or each line is, when the method streams requests.
  bool from_input = false;
  std::vector<MessagePtr> messages;  // Empty when from_input.
};

// `words`: JSON ("{…}"), @file (JSON; JSON lines when the method streams requests), field=value
// words, which make one message together as long as nothing else stands between them, or "-" alone
// for standard input. No words: the empty message, or standard input when requests are streamed. A
// usage error tells which word is wrong, or that there are too many messages. `deadline`
// ends the wait for a file that is a pipe.
OutcomeOr<RequestPlan> PlanRequests(const std::vector<std::string>& words, MethodType type,
                                    const NewRequest& new_request,
                                    const CommandDeadline& deadline = {});

// As a call sends it.
RawMessage BytesOf(const google::protobuf::Message& message);

// True for a line that holds nothing: a stream of JSON lines skips it.
bool IsBlank(std::string_view line);

}  // namespace piperpc::cli
