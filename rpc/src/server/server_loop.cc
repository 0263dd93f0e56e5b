#include "src/server/server_loop.h"

#include <atomic>
#include <future>
#include <utility>

#include "absl/strings/str_cat.h"
#include "src/base/memory.h"
#include "src/server/connection.h"
#include "src/server/silent_crowd.h"
#include "src/transport/observed_pipe.h"

namespace piperpc::server {
namespace {

// A client says Hello as soon as it has connected; one that has not by then, even if this loop or
// the machine was busy, is a candidate to go when too many are silent.
constexpr base::Duration kHelloGrace = std::chrono::seconds(2);

}  // namespace

ServerLoop::ServerLoop(ServerCore& core, std::unique_ptr<transport::EventLoop> loop,
                       std::size_t number, OnGone on_gone)
    : ConnectionHost(core, std::move(loop), number), on_gone_(std::move(on_gone)) {}

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
  auto observed = transport::Observe(std::move(pipe), {.observer = core().options.observer.get(),
                                                       .owner = &core(),
                                                       .now = [this] { return loop().Now(); }});
  auto owned = std::make_unique<Connection>(*this, std::move(observed), user, ++last_number_);
  Connection& connection = *owned;
  connections_.emplace(connection.number(), std::move(owned));
  if (refusal.ok()) {
    MakeRoomForHello();
    awaiting_hello_.push_back(connection);
  } else {
    refused_.insert(&connection);
  }
  connection.Open();
  if (!refusal.ok()) connection.Refuse(refusal);
  if (draining_) connection.Drain();
}

// Mute clients must not keep others out: above the limit one of them goes, of the user that has the
// most.
void ServerLoop::MakeRoomForHello() {
  const std::size_t limit = core().options.max_connections_before_hello;
  if (awaiting_hello_.size() < limit) return;
  const base::TimePoint now = loop().Now();
  if (now - awaiting_hello_.front().opened_at() < kHelloGrace) return;
  Connection& leaving = *OldestOfLargestCrowd(
      awaiting_hello_, [](const Connection& connection) { return connection.peer().user; });
  if (now - leaving.opened_at() < kHelloGrace) return;
  AwaitNoHello(leaving);
  leaving.Fail(absl::ResourceExhaustedError(
      absl::StrCat("more than ", limit,
                   " connections have not sent a Hello yet (max_connections_before_hello)")));
}

// It stands in one at a time, by the one link that it has: so only the one in which it may stand
// can be asked.
void ServerLoop::LeaveQueues(Connection& connection) {
  if (connection.hello_received()) return turns_.Leave(connection.line(), connection);
  AwaitNoHello(connection);
}

void ServerLoop::AwaitNoHello(Connection& connection) {
  if (awaiting_hello_.Contains(connection)) awaiting_hello_.Remove(connection);
}

void ServerLoop::OnHello(Connection& connection) { AwaitNoHello(connection); }

void ServerLoop::OnClosed(Connection& connection) {
  LeaveQueues(connection);
  auto node = connections_.extract(connection.number());
  if (node.empty()) return;
  const bool refused = refused_.erase(&connection) != 0;
  // It is one of the connection's own functions that has called.
  loop().Post([this, refused, owned = std::move(node.mapped())]() mutable {
    const Peer peer = owned->peer();
    owned.reset();
    on_gone_(peer, refused);
  });
}

void ServerLoop::DrainAll() {
  loop().Post([this] {
    draining_ = true;
    ForEachConnection([](Connection& connection) { connection.Drain(); });
  });
}

void ServerLoop::EndGrace(absl::Status reason) {
  loop().Post([this, reason = std::move(reason)] {
    grace_over_ = true;
    ForEachConnection([&](Connection& connection) { connection.EndGrace(reason); });
  });
}

ServerLoop::Asked ServerLoop::EndAllCalls(absl::Status reason) {
  return Ask([this, reason = std::move(reason)] { return EndCallsHere(reason); });
}

ServerLoop::Asked ServerLoop::TakeStopped() {
  return Ask([this] { return std::exchange(stopped(), {}); });
}

ServerLoop::Asked ServerLoop::TakeUndelivered() {
  return Ask([this] { return std::exchange(undelivered(), {}); });
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
    if (answer->begun.exchange(true)) return;
    // Without memory for names there is an answer, too: somebody waits for it.
    answer->names.set_value(base::RunInMemory(question, [] { return std::vector<std::string>(); }));
  });
  return asked;
}

std::optional<std::vector<std::string>> ServerLoop::Asked::Wait(base::TimePoint limit) {
  if (limit == base::kNever || names_.wait_until(limit) == std::future_status::ready)
    return names_.get();
  answer_->begun.store(true);
  return std::nullopt;
}

// The workers are asked here, and not by who asks: until now a call of this loop could still give
// them work. From now on none can.
std::vector<std::string> ServerLoop::EndCallsHere(const absl::Status& reason) {
  const bool busy = core().workers.busy();
  std::vector<std::string> names;
  ForEachConnection([&](Connection& connection) {
    for (std::string& name : busy ? connection.CutOffCalls(reason) : connection.AbortCalls()) {
      names.push_back(std::move(name));
    }
  });
  return names;
}

}  // namespace piperpc::server
