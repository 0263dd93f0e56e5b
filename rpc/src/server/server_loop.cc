#include "src/server/server_loop.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/server/session.h"
#include "src/server/silent_crowd.h"

namespace piperpc::server {
namespace {

// A client says Hello as soon as it has connected; one that has not by then, even if this loop or
// the machine was busy, is a candidate to go when too many are silent.
constexpr Duration kHelloGrace = std::chrono::seconds(2);

}  // namespace

ServerLoop::ServerLoop(ServerCore& core, std::unique_ptr<transport::EventLoop> loop, OnGone on_gone)
    : SessionHost(core, std::move(loop)), on_gone_(std::move(on_gone)) {}

ServerLoop::~ServerLoop() { Stop(); }

void ServerLoop::Adopt(std::unique_ptr<transport::Pipe> pipe, UserPart& user,
                       absl::Status refusal) {
  if (loop().InLoop()) return Open(std::move(pipe), user, refusal);
  loop().Post([this, pipe = std::move(pipe), &user, refusal = std::move(refusal)]() mutable {
    Open(std::move(pipe), user, refusal);
  });
}

void ServerLoop::Open(std::unique_ptr<transport::Pipe> pipe, UserPart& user,
                      const absl::Status& refusal) {
  auto owned = std::make_unique<Session>(*this, std::move(pipe), user);
  Session& session = *owned;
  sessions_.emplace(&session, std::move(owned));
  if (refusal.ok()) {
    MakeRoomForHello();
    awaiting_hello_.push_back(session);
  } else {
    refused_.insert(&session);
  }
  session.Open();
  if (!refusal.ok()) session.Refuse(refusal);
  if (draining_) session.Drain();
}

// Mute clients must not keep others out: above the limit one of them goes, of the user that has the
// most.
void ServerLoop::MakeRoomForHello() {
  const std::size_t limit = core().options.max_connections_before_hello;
  if (awaiting_hello_.size() < limit) return;
  const TimePoint now = Clock::now();
  if (now - awaiting_hello_.front().opened_at() < kHelloGrace) return;
  Session& leaving = *OldestOfLargestCrowd(
      awaiting_hello_, [](const Session& session) { return session.peer().user; });
  if (now - leaving.opened_at() < kHelloGrace) return;
  AwaitNoHello(leaving);
  leaving.Fail(absl::ResourceExhaustedError(
      absl::StrCat("more than ", limit,
                   " connections have not sent a Hello yet (max_connections_before_hello)")));
}

void ServerLoop::AwaitNoHello(Session& session) {
  if (awaiting_hello_.Contains(session)) awaiting_hello_.Remove(session);
}

void ServerLoop::OnHello(Session& session) { AwaitNoHello(session); }

void ServerLoop::OnClosed(Session& session) {
  AwaitNoHello(session);
  auto node = sessions_.extract(&session);
  if (node.empty()) return;
  const bool refused = refused_.erase(&session) != 0;
  if (!session.undelivered().empty()) undelivered_.push_back(session.undelivered());
  // It is one of the session's own functions that has called.
  loop().Post([this, refused, owned = std::move(node.mapped())]() mutable {
    const Peer peer = owned->peer();
    owned.reset();
    on_gone_(peer, refused);
  });
}

void ServerLoop::DrainAll() {
  loop().Post([this] {
    draining_ = true;
    for (const auto& [session, owned] : sessions_) session->Drain();
  });
}

void ServerLoop::EndGrace(absl::Status reason) {
  loop().Post([this, reason = std::move(reason)] {
    for (const auto& [session, owned] : sessions_) session->EndGrace(reason);
  });
}

ServerLoop::Asked ServerLoop::EndAllCalls(absl::Status reason) {
  return Ask([this, reason = std::move(reason)] { return EndCallsHere(reason); });
}

ServerLoop::Asked ServerLoop::TakeUndelivered() {
  return Ask([this] { return std::exchange(undelivered_, {}); });
}

// What is asked may come back to handlers, which may not return either: so both threads own it, and
// whoever waits may leave.
struct ServerLoop::Asked::Answer {
  std::atomic<bool> begun = false;  // Or given up.
  std::promise<std::vector<std::string>> names;
};

ServerLoop::Asked ServerLoop::Ask(absl::AnyInvocable<std::vector<std::string>()> question) {
  Asked asked;
  asked.answer_ = std::make_shared<Asked::Answer>();
  asked.names_ = asked.answer_->names.get_future();
  loop().Post([answer = asked.answer_, question = std::move(question)]() mutable {
    if (!answer->begun.exchange(true)) answer->names.set_value(question());
  });
  return asked;
}

std::optional<std::vector<std::string>> ServerLoop::Asked::Wait(TimePoint limit) {
  if (limit == kNever || names_.wait_until(limit) == std::future_status::ready) return names_.get();
  answer_->begun.store(true);
  return std::nullopt;
}

// The workers are asked here, and not by who asks: until now a call of this loop could still give
// them work. From now on none can.
std::vector<std::string> ServerLoop::EndCallsHere(const absl::Status& reason) {
  const bool busy = core().workers.busy();
  std::vector<std::string> names;
  for (const auto& [session, owned] : sessions_) {
    for (std::string& name : busy ? session->CutOffCalls(reason) : session->AbortCalls()) {
      names.push_back(std::move(name));
    }
  }
  return names;
}

}  // namespace piperpc::server
