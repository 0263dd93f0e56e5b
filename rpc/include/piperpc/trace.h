// Traces: which call led to which, across processes, as W3C Trace Context has it
// (https://www.w3.org/TR/trace-context/).
//
//     const piperpc::TraceOptions options{.on_end = ToCollector};
//     piperpc::Server server({.middleware = {piperpc::TraceServerCalls(options)}});
//     auto store = piperpc::Connect("store", {.middleware = {piperpc::TraceClientCalls(options)}});
//     ...
//     // In a handler: this call belongs to the trace of the handler's own (within_call.h).
//     auto found = client.CoFind(request, piperpc::WithinCall(context));
//
// The trace travels as the metadata "traceparent" and "tracestate". What a span becomes, for
// example one of OpenTelemetry, is up to the hook: this library exports nothing itself.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "piperpc/export.h"
#include "piperpc/metadata.h"
#include "piperpc/middleware.h"
#include "piperpc/peer.h"
#include "piperpc/server_context.h"

namespace piperpc {

using TraceId = std::array<std::uint8_t, 16>;
using SpanId = std::array<std::uint8_t, 8>;

// One call of a trace. Valid ones have no id that is all zeros.
struct TraceContext {
  TraceId trace{};
  SpanId span{};
  bool sampled = false;  // Whoever began the trace wants its spans recorded.
  std::string state{};   // Of systems that trace; handed on as it is.
};

// Lower-case hexadecimal digits, as in traceparent.
PIPERPC_EXPORT std::string ToHex(const TraceId& id);
PIPERPC_EXPORT std::string ToHex(const SpanId& id);

// What a caller sent. None: no "traceparent", several, or one that is not valid; then a receiver
// begins a trace of its own, as the specification says. Of a version above 00 what 00 knows is
// taken. A state of more than 512 bytes, or with other characters than printable ASCII, is dropped.
PIPERPC_EXPORT std::optional<TraceContext> FindTrace(const Metadata& metadata);

// Puts it in the place of what `metadata` has of a trace.
PIPERPC_EXPORT void SetTrace(Metadata& metadata, const TraceContext& context);

// A call that has ended, on one side.
struct Span {
  enum class Kind { kServer, kClient };
  Kind kind;
  std::string_view method;  // "package.Service/Method"; see ServerContext::method().
  const TraceContext& context;
  SpanId parent;  // All zeros: it has begun the trace.
  std::chrono::system_clock::time_point started;
  std::chrono::nanoseconds duration;
  absl::StatusCode status;  // Without its text, which may hold what the caller has sent.
  const Peer* peer;         // Of a call that was never sent: null.
};

// Called when a call has ended, on the thread of the middleware (middleware.h): must not block. The
// span is valid during the call.
using SpanHook = std::function<void(const Span&)>;

struct TraceOptions {
  SpanHook on_end{};  // Of spans that are sampled. Without it, traces are only handed on.

  // Of traces that begin here, one in so many is sampled, the first of them first; 0: none. Others
  // are as whoever began them has decided.
  std::uint32_t one_in = 1;
};

// For ServerOptions::middleware: each call is a span, below that of its caller where that sent one.
// Put it before middleware and handlers that use TraceOf().
PIPERPC_EXPORT std::shared_ptr<ServerMiddleware> TraceServerCalls(TraceOptions options = {});

// For ChannelOptions::middleware: each call is a span, below the one in its metadata (WithinCall(),
// SetTrace()), and its server is told so.
PIPERPC_EXPORT std::shared_ptr<ClientMiddleware> TraceClientCalls(TraceOptions options = {});

// The span of a call on a server with TraceServerCalls(); null without that. Valid as long as the
// context.
PIPERPC_EXPORT const TraceContext* TraceOf(ServerContext& context);

}  // namespace piperpc
