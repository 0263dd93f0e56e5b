// The replies of a call that is under way, as JSON.
#pragma once

#include <string>

#include "absl/functional/function_ref.h"
#include "piperpc/raw_client.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/json.h"
#include "tools/piperpc/schema.h"

namespace piperpc::cli {

// Takes one reply; an error ends the reading.
using ReplySink = absl::FunctionRef<Outcome(const std::string& json)>;

// Gives `sink` each reply of `call`, streamed or single, as it comes, until there are no more.
// Returns how the call ended; or why a reply cannot be shown, or what `sink` said: then the call is
// cancelled. Any one thread.
Outcome ShowReplies(RawCall& call, const CallableMethod& method, const Schema& schema,
                    JsonStyle style, ReplySink sink);

}  // namespace piperpc::cli
