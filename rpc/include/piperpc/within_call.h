// Calls that a handler makes for its own call.
//
//     auto found = store.CoFind(request, piperpc::WithinCall(context));
#pragma once

#include "piperpc/channel.h"
#include "piperpc/export.h"
#include "piperpc/server_context.h"

namespace piperpc {

// Options for a call that has no purpose without the call of `context`: it ends at that one's
// deadline at the latest, it is cancelled when stop_token() stops, and it belongs to the same trace
// (trace.h); where the server does not trace, what the caller sent of one is handed on. Other
// metadata is not. Any thread, while the handler runs; the options may outlive it.
PIPERPC_EXPORT CallOptions WithinCall(ServerContext& context);

}  // namespace piperpc
