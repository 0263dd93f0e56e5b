#include "services/notify/notify.h"

#include <memory>
#include <stop_token>
#include <utility>

#include "absl/status/status.h"
#include "piperpc/executor.h"
#include "piperpc/server_context.h"

namespace services {
namespace {

// A call's context for work that may run after the call: such work holds a weak pointer. To be used
// on the call's executor.
using CallWhileItLasts = std::shared_ptr<piperpc::ServerContext* const>;

// Ends the call of a subscriber that is too slow at once. Its stream may be waiting in a co_yield
// for credit that never comes.
void StopWhenCutOff(Feed& feed, const CallWhileItLasts& call) {
  feed.WhenCutOff([executor = piperpc::Executor::CurrentHandle(),
                   last = std::weak_ptr(call)](const absl::Status& reason) {
    executor.Post([last, reason] {
      if (const CallWhileItLasts still = last.lock()) (*still)->Stop(reason);
    });
  });
}

}  // namespace

piperpc::Stream<notify::v1::Event> Notify::CoSubscribe(piperpc::ServerContext& context,
                                                       notify::v1::SubscribeRequest request) {
  const absl::StatusOr<std::unique_ptr<Feed>> feed =
      hub_.Open(context.peer().user, request.policy());
  if (!feed.ok()) co_yield feed.status();
  const CallWhileItLasts call = std::make_shared<piperpc::ServerContext* const>(&context);
  StopWhenCutOff(**feed, call);
  // A shutdown ends the call in the same way; events that are still queued are lost.
  const std::stop_callback at_drain(context.drain_token(), [&context] {
    context.Stop(absl::UnavailableError("the server has ended the subscription"));
  });
  for (;;) {
    auto next = (*feed)->Next(context.stop_token());
    const SharedEvent event = co_await next;
    if (event == nullptr) break;
    co_yield *event;
  }
  const absl::Status cut_off = (*feed)->status();
  if (!cut_off.ok()) co_yield cut_off;
}

piperpc::Task<absl::StatusOr<notify::v1::PublishResponse>> Notify::CoPublish(
    piperpc::ServerContext& context, notify::v1::PublishRequest request) {
  notify::v1::Event event;
  event.mutable_message()->set_author(context.session().user().value_or(""));
  event.mutable_message()->set_text(std::move(*request.mutable_text()));
  auto publication = hub_.Publish(std::move(event), context.stop_token());
  const absl::StatusOr<Hub::Published> published = co_await publication;
  if (!published.ok()) co_return published.status();
  notify::v1::PublishResponse response;
  response.set_sequence(published->sequence);
  response.set_subscribers(published->subscribers);
  co_return response;
}

void Notify::OnLogin(std::string_view username) {
  notify::v1::Event event;
  event.mutable_user_logged_in()->set_username(std::string(username));
  hub_.Announce(std::move(event)).IgnoreError();  // A user name fits into any queue.
}

}  // namespace services
