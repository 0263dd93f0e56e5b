#include "tools/piperpc/replies.h"

#include <optional>

#include "tools/piperpc/requests.h"

namespace piperpc::cli {

Outcome ShowReplies(RawCall& call, const CallableMethod& method, const Schema& schema,
                    JsonStyle style, ReplySink sink) {
  const MessagePtr reply = schema.NewMessage(*method.descriptor->output_type());
  const auto show = [&](const RawMessage& message) -> Outcome {
    const OutcomeOr<std::string> json = schema.ReplyToJson(message.bytes, style, *reply);
    return json.ok() ? sink(*json) : json.outcome();
  };
  while (const std::optional<RawMessage> message = call.Next()) {
    const Outcome shown = show(*message);
    if (shown.ok()) continue;
    call.Cancel();
    return shown;
  }
  const Outcome ended = call.status();
  return ended.ok() && !StreamsReplies(method.type) ? show(call.TakeResponse()) : ended;
}

}  // namespace piperpc::cli
