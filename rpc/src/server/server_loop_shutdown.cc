// What a loop does in a shutdown, and what it tells of it.
#include <atomic>
#include <future>
#include <utility>

#include "src/base/memory.h"
#include "src/server/connection.h"
#include "src/server/server_loop.h"

namespace piperpc::server {

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
