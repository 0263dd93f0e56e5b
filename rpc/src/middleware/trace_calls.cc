// The two middlewares that make spans of calls.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <random>
#include <utility>

#include "piperpc/call_values.h"
#include "piperpc/trace.h"

namespace piperpc {
namespace {

// The system's own, so that a child of fork() has other ones than its parent. Not all zeros.
template <typename Id>
Id RandomId() {
  thread_local std::random_device random;
  Id id;
  for (std::uint8_t& byte : id) byte = static_cast<std::uint8_t>(random());
  id.back() |= 1;
  return id;
}

// A call under way.
struct Under {
  TraceContext context;
  SpanId parent{};
  std::chrono::system_clock::time_point wall = std::chrono::system_clock::now();
  std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
};

// For TraceOf(): one key for all servers of the process.
const CallKey<Under>& ServerKey() {
  static const CallKey<Under> key;
  return key;
}

class Tracer {
 public:
  explicit Tracer(TraceOptions options) : options_(std::move(options)) {}

  // A span below what came with `metadata`, or the first one of a new trace.
  Under Begin(const Metadata& metadata) {
    Under under;
    if (std::optional<TraceContext> caller = FindTrace(metadata)) {
      under.context = *std::move(caller);
      under.parent = under.context.span;
    } else {
      under.context.trace = RandomId<TraceId>();
      under.context.sampled = IsNext();
    }
    under.context.span = RandomId<SpanId>();
    return under;
  }

  void End(Span::Kind kind, const Under& under, std::string_view method, absl::StatusCode status,
           const Peer* peer) const {
    if (!options_.on_end || !under.context.sampled) return;
    options_.on_end({kind, method, under.context, under.parent, under.wall,
                     std::chrono::steady_clock::now() - under.started, status, peer});
  }

 private:
  bool IsNext() {
    if (options_.one_in == 0) return false;
    return begun_.fetch_add(1, std::memory_order_relaxed) % options_.one_in == 0;
  }

  const TraceOptions options_;
  std::atomic<std::uint64_t> begun_ = 0;  // Traces.
};

class ServerTracer final : public ServerMiddleware {
 public:
  explicit ServerTracer(TraceOptions options) : tracer_(std::move(options)) {}

  absl::Status Before(ServerContext& context) override {
    ServerKey().Emplace(context.values(), tracer_.Begin(context.metadata()));
    return absl::OkStatus();
  }
  void After(ServerContext& context, const absl::Status& status) override {
    if (const Under* const under = ServerKey().Find(context.values())) {
      tracer_.End(Span::Kind::kServer, *under, context.method(), status.code(), &context.peer());
    }
  }

 private:
  Tracer tracer_;
};

class ClientTracer final : public ClientMiddleware {
 public:
  explicit ClientTracer(TraceOptions options) : tracer_(std::move(options)) {}

  absl::Status Before(ClientContext& context) override {
    const Under& under = key_.Emplace(context.values(), tracer_.Begin(context.metadata()));
    SetTrace(context.metadata(), under.context);
    return absl::OkStatus();
  }
  void After(ClientContext& context, const absl::Status& status) override {
    if (const Under* const under = key_.Find(context.values())) {
      const Peer* const peer = context.peer().has_value() ? &*context.peer() : nullptr;
      tracer_.End(Span::Kind::kClient, *under, context.method(), status.code(), peer);
    }
  }

 private:
  Tracer tracer_;
  const CallKey<Under> key_;
};

}  // namespace

std::shared_ptr<ServerMiddleware> TraceServerCalls(TraceOptions options) {
  return std::make_shared<ServerTracer>(std::move(options));
}

std::shared_ptr<ClientMiddleware> TraceClientCalls(TraceOptions options) {
  return std::make_shared<ClientTracer>(std::move(options));
}

const TraceContext* TraceOf(ServerContext& context) {
  const Under* const under = ServerKey().Find(context.values());
  return under == nullptr ? nullptr : &under->context;
}

}  // namespace piperpc
