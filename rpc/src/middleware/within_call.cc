#include "piperpc/within_call.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include "piperpc/executor.h"
#include "piperpc/trace.h"
#include "src/base/clock.h"

namespace piperpc {
namespace {

// At least what a call may have; one that has no time left ends at once.
std::chrono::milliseconds TimeLeft(ServerContext& context) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(context.deadline() -
                                                                          context.executor().Now());
  return std::max(left, std::chrono::milliseconds(1));
}

}  // namespace

CallOptions WithinCall(ServerContext& context) {
  CallOptions options;
  if (context.deadline() != base::kNever) options.timeout = TimeLeft(context);
  options.stop = context.stop_token();
  if (const TraceContext* const trace = TraceOf(context)) {
    SetTrace(options.metadata, *trace);
  } else if (const auto sent = FindTrace(context.metadata())) {
    SetTrace(options.metadata, *sent);
  }
  return options;
}

}  // namespace piperpc
