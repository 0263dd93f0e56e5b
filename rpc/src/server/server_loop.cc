#include "src/server/server_loop.h"

#include <algorithm>
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

void ServerLoop::Adopt(std::unique_ptr<transport::Pipe> pipe, ReceiveBudget& budget,
                       absl::Status refusal) {
  if (loop().InLoop()) return Open(std::move(pipe), budget, refusal);
  loop().Post([this, pipe = std::move(pipe), &budget, refusal = std::move(refusal)]() mutable {
    Open(std::move(pipe), budget, refusal);
  });
}

void ServerLoop::Open(std::unique_ptr<transport::Pipe> pipe, ReceiveBudget& budget,
                      const absl::Status& refusal) {
  auto owned = std::make_unique<Session>(*this, std::move(pipe), budget);
  Session& session = *owned;
  sessions_.emplace(&session, std::move(owned));
  if (refusal.ok()) {
    MakeRoomForHello();
    awaiting_hello_.push_back(session);
  } else {
    refused_.insert(&session);
  }
  session.Open();
  if (!refusal.ok()) session.Fail(refusal);
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
      absl::StrCat("more than ", limit, " connections have said no Hello")));
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

std::vector<std::string> ServerLoop::AbortAllCalls() {
  return EndAllCalls([](Session& session) { return session.AbortCalls(); });
}

std::vector<std::string> ServerLoop::CutOffAllCalls(const absl::Status& reason) {
  return EndAllCalls([&reason](Session& session) { return session.CutOffCalls(reason); });
}

std::vector<std::string> ServerLoop::TakeUndelivered() {
  std::promise<std::vector<std::string>> taken;
  loop().Post([&] { taken.set_value(std::exchange(undelivered_, {})); });
  return taken.get_future().get();
}

std::vector<std::string> ServerLoop::EndAllCalls(
    absl::FunctionRef<std::vector<std::string>(Session&)> end_calls) {
  std::promise<std::vector<std::string>> ended;
  loop().Post([this, &ended, end_calls] {
    std::vector<std::string> names;
    for (const auto& [session, owned] : sessions_) {
      for (std::string& name : end_calls(*session)) names.push_back(std::move(name));
    }
    ended.set_value(std::move(names));
  });
  return ended.get_future().get();
}

}  // namespace piperpc::server
