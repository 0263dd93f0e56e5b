#include "proxy.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "piperpc/async.h"
#include "piperpc/raw_client.h"
#include "piperpc/task_scope.h"

namespace {

using piperpc::RawCall, piperpc::RawMessage, piperpc::ServerContext;
using std::chrono::milliseconds, std::chrono::steady_clock;
using Requests = piperpc::CoReader<RawMessage>;

struct Target {
  const std::string to;
  const piperpc::ChannelOptions options;
  piperpc::WorkerPool closers{1, 100'000};  // More than a server has connections.
};

// A client's channel. A thread that the proxy's end waits for closes it, and no event loop does:
// but where there is no memory to ask that thread.
struct Upstream {
  ~Upstream() {
    try {
      closers.Run([gone = std::move(channel)] {}).IgnoreError();
    } catch (...) {
    }
  }
  std::shared_ptr<piperpc::Channel> channel;
  piperpc::WorkerPool& closers;
};

piperpc::RawClient ClientFor(piperpc::SessionState& connection, Target& target) {
  auto upstream = connection.Find<Upstream>();  // All calls of a connection run on one thread.
  if (upstream == nullptr) {
    upstream.reset(new Upstream{piperpc::Connect(target.to, target.options), target.closers});
    connection.Put(upstream);
  }
  return piperpc::RawClient(upstream->channel);
}

piperpc::CallOptions OptionsFor(ServerContext& context, piperpc::Metadata& trailers) {
  piperpc::CallOptions options{
      .stop = context.stop_token(), .metadata = context.metadata(), .trailers = &trailers};
  if (context.deadline() != steady_clock::time_point::max()) {
    const auto left = context.deadline() - steady_clock::now();
    options.timeout = std::max(std::chrono::ceil<milliseconds>(left), milliseconds(1));
  }
  return options;
}

// Goes on beside the replies. Waits for the server's credit before it reads the next request, which
// is what gives credit to the client.
piperpc::Task<void> PassRequests(ServerContext& context, Requests requests, RawCall& call) {
  try {
    for (bool written = true; written;) {
      auto next = requests.CoNext();
      std::optional<RawMessage> request = co_await next;
      if (!request) break;
      auto write = call.CoWrite(*std::move(request));
      written = co_await write;
    }
    call.WritesDone();  // Nothing to a call that has ended, as it has when the client cancels.
  } catch (...) {
    context.Stop(absl::ResourceExhaustedError("the proxy has no memory for a request"));
  }
}

piperpc::Stream<RawMessage> Pass(Target& target, ServerContext& context,
                                 std::optional<RawMessage> request,
                                 std::optional<Requests> requests) {
  piperpc::Metadata trailers;
  const piperpc::CallOptions options = OptionsFor(context, trailers);
  const piperpc::RawClient client = ClientFor(context.session(), target);
  RawCall call = request ? client.OpenWithRequest(context.method(), *request, options)
                         : client.OpenWithStream(context.method(), options);
  request.reset();
  piperpc::TaskScope beside;  // Ends with this frame, wherever its task waits.
  if (requests) beside.Spawn(PassRequests(context, *requests, call));
  for (bool more = true; more;) {
    auto next = call.CoNext();
    std::optional<RawMessage> message = co_await next;
    more = message.has_value();
    if (more) co_yield *message;
  }
  for (const auto& [key, value] : trailers) context.AddTrailer(key, value);
  const absl::Status status = call.status();
  if (!status.ok()) co_yield status;
  const piperpc::RawResponse response(call.TakeResponse());
  co_yield response;
}

}  // namespace

std::unique_ptr<piperpc::CatchAllService> NewProxy(std::string to,
                                                   piperpc::ChannelOptions options) {
  const std::shared_ptr<Target> target(new Target{std::move(to), std::move(options)});
  return std::make_unique<piperpc::CatchAllService>(
      [target](auto& context, RawMessage one) {
        return Pass(*target, context, std::move(one), {});
      },
      [target](auto& context, Requests all) { return Pass(*target, context, {}, all); });
}
