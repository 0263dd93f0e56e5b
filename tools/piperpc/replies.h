// Reads the replies of a call as JSON.
#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "piperpc/raw_client.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/json.h"
#include "tools/piperpc/schema.h"

namespace piperpc::cli {

// Is called with one reply; an error ends the reading.
using ReplySink = absl::FunctionRef<Outcome(const std::string& json)>;

// Calls `sink` with each reply of `call`, streamed or single, as it arrives. Returns how the call
// ended. When a reply cannot be shown, or `sink` returns an error, cancels the call and returns
// that error. Any thread, one for each call.
Outcome ShowReplies(RawCall& call, const CallableMethod& method, const Schema& schema,
                    JsonStyle style, ReplySink sink);

}  // namespace piperpc::cli
