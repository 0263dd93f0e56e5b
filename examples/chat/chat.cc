#include "chat.h"

#include <memory>
#include <optional>
#include <stop_token>

#include "absl/cleanup/cleanup.h"
#include "piperpc/task_scope.h"

namespace chat {
namespace {

using Requests = piperpc::CoReader<v1::ChatRequest>;

// Says what the caller says, until that ends, and leaves.
piperpc::Task<absl::Status> Listen(Requests requests, Seat& seat) {
  const absl::Cleanup leave = [&seat] { seat.Leave(); };
  absl::Status status;
  while (status.ok()) {
    auto next = requests.CoNext();
    const std::optional<v1::ChatRequest> request = co_await next;
    if (!request.has_value()) break;
    status = request->has_join() ? absl::InvalidArgumentError("the room was joined before")
                                 : seat.Say(request->text());
  }
  co_return status;
}

}  // namespace

piperpc::Stream<v1::ChatResponse> Chat::CoChat(piperpc::ServerContext& context, Requests requests) {
  auto first = requests.CoNext();
  const std::optional<v1::ChatRequest> request = co_await first;
  if (!request.has_value() || !request->has_join()) {
    const absl::Status wrong = absl::InvalidArgumentError("the first request must be a Join");
    co_yield wrong;  // An error ends the stream: nothing behind it runs.
  }
  const auto seat = rooms_.Join(request->join().room(), request->join().name());
  if (!seat.ok()) {
    const absl::Status refused = seat.status();
    co_yield refused;
  }

  // Both run on the event loop of this call, and so never at the same time. Where this one is
  // destroyed, as it is when the caller goes away, the other one ends before the seat.
  piperpc::TaskScope beside(context.stop_token());
  beside.Spawn(Listen(requests, **seat));

  const std::stop_token drain = context.drain_token();
  while (!drain.stop_requested()) {
    const std::optional<v1::ChatResponse> event = (*seat)->Next();
    if (event.has_value()) {
      co_yield *event;  // Waits while the caller does not read: others do not notice.
    } else if ((*seat)->has_left()) {
      auto join = beside.Join();
      const absl::Status end = co_await join;
      co_yield end;
    } else {
      auto change = (*seat)->changed().Wait(drain);
      co_await change;
    }
  }
  const absl::Status ending = absl::UnavailableError("the server shuts down");
  co_yield ending;
}

}  // namespace chat
