#include "src/client/connector.h"

#include <iterator>
#include <utility>

#include "src/base/threads.h"
#include "src/client/call.h"
#include "src/client/core.h"
#include "src/client/session.h"

namespace piperpc::client {

void Connector::Add(std::shared_ptr<Call> call) {
  if (!running_) {
    if (thread_.joinable()) thread_.join();  // It has let go of the lock for the last time.
    auto thread = StartThread("the thread that connects", [this] { Run(); });
    if (!thread.ok()) return call->End(thread.status());
    thread_ = *std::move(thread);
    running_ = true;
  }
  waiting_.push_back(std::move(call));
  postponed_ = 0;
  core_.WakeConnecting();
}

void Connector::Join() {
  if (thread_.joinable()) thread_.join();
}

void Connector::Run() {
  while (ServeOne()) {
  }
}

// False: there was none, and the thread must not take the lock again.
bool Connector::ServeOne() {
  std::shared_ptr<Call> call;  // Goes away without the lock.
  Core::Lock lock(core_);
  running_ = !waiting_.empty();
  if (!running_) return false;
  call = waiting_.Pop();
  if (call->ended()) return true;
  const auto session = core_.TryForSession(lock, *call);
  if (call->ended()) return true;
  if (!session.ok()) {
    call->End(session.status());
  } else if (*session != nullptr) {
    (*session)->Submit(*call);
  } else if (Postpone(std::move(call))) {
    core_.Pause(lock);
  }
  return true;
}

// Behind the others. True: all have had their turn, and it is time to wait.
bool Connector::Postpone(std::shared_ptr<Call> call) {
  waiting_.push_back(std::move(call));
  const auto queued = std::distance(waiting_.begin(), waiting_.end());
  if (++postponed_ < static_cast<std::size_t>(queued)) return false;
  postponed_ = 0;
  return true;
}

}  // namespace piperpc::client
