#include "src/client/connect_thread.h"

#include <memory>
#include <utility>

#include "src/base/memory.h"

namespace piperpc::client {
namespace {

// Whose thread this is.
thread_local const ConnectThread* own = nullptr;

}  // namespace

bool ConnectThread::IsThis() const { return own == this; }

void ConnectThread::Add(AsyncCallBase& call) {
  if (absl::Status status = Begin(); !status.ok()) return call.End(std::move(status));
  waiting_.push_back(call);
  postponed_ = 0;
  core_.WakeWaiting();
}

// The thread before has let go of the lock for the last time, but what ends with a thread may be
// the user's and take long: the next one waits for it, and nobody who has the lock.
absl::Status ConnectThread::Begin() {
  if (running_) return absl::OkStatus();
  auto previous = std::make_shared<std::thread>(std::move(thread_));
  auto thread = base::RunInMemory(
      [&] {
        return core_.StartThread("the thread that connects", [this, previous] {
          if (previous->joinable()) previous->join();
          own = this;
          Run();
        });
      },
      [] { return base::OutOfMemory("a thread"); });
  if (!thread.ok()) {
    thread_ = std::move(*previous);
    return thread.status();
  }
  thread_ = *std::move(thread);
  running_ = true;
  return absl::OkStatus();
}

void ConnectThread::Remove(AsyncCallBase& call) {
  if (!waiting_.Contains(call)) return;
  waiting_.Remove(call);
  if (postponed_ > 0) --postponed_;
}

void ConnectThread::EndAll(const absl::Status& status) {
  while (!waiting_.empty()) {
    AsyncCallBase& call = waiting_.front();
    Remove(call);
    call.End(status);
  }
}

void ConnectThread::Join() {
  std::thread last;
  {
    const Core::Lock lock(core_);
    last = std::move(thread_);
  }
  if (last.joinable()) last.join();
}

void ConnectThread::Run() {
  while (ServeOne()) {
  }
}

// False: there was none, and the thread must not take the lock again.
bool ConnectThread::ServeOne() {
  std::shared_ptr<AsyncCallBase> call;  // Goes away without the lock.
  Core::Lock lock(core_);
  running_ = !waiting_.empty();
  if (!running_) return false;
  call = waiting_.Pop().Share();
  call->Guard(lock, [&] {
    AssertLocked();
    if (!delegate_.ConnectFor(*call, lock) && Postpone(*call)) delegate_.Pause(lock);
  });
  return true;
}

// Behind the others. True: all have had their turn, and it is time to wait.
bool ConnectThread::Postpone(AsyncCallBase& call) {
  waiting_.push_back(call);
  if (++postponed_ < waiting_.size()) return false;
  postponed_ = 0;
  return true;
}

}  // namespace piperpc::client
