// What a reply has besides its message, and what the log learns when it cannot have that.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "piperpc/metadata.h"
#include "piperpc/server_context.h"

namespace piperpc::server {

struct ServerCore;

// Encodes `trailers` into `encoded`. RESOURCE_EXHAUSTED: they are above `limit`. INTERNAL: a key is
// not allowed, which is a fault of who has added it, and so is told to the log.
absl::Status EncodeTrailers(const ServerCore& core, const ServerContext& context,
                            const Metadata& trailers, std::size_t limit, std::string& encoded);

// Tells the log what of `status` does not fit into a frame, and so does not reach the caller.
void LogIfCut(const ServerCore& core, const ServerContext& context, const absl::Status& status);

}  // namespace piperpc::server
