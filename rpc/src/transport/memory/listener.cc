#include "src/transport/memory/listener.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace piperpc::transport {
namespace {

constexpr std::size_t kDefaultBacklog = 4096;

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> MemoryListener::Open(MemoryPorts& ports, EventLoop& loop,
                                                               const Endpoint& endpoint,
                                                               const ListenOptions& options,
                                                               Delegate& delegate) {
  std::unique_ptr<MemoryListener> listener(
      new MemoryListener(ports, loop, endpoint, options, delegate));
  const internal::MutexLock lock(ports.mutex);
  if (!ports.listeners.emplace(endpoint.text(), listener.get()).second) {
    return absl::AlreadyExistsError(
        absl::StrCat("a server is already running at ", endpoint.text()));
  }
  ports.changed.notify_all();
  return listener;
}

MemoryListener::MemoryListener(MemoryPorts& ports, EventLoop& loop, const Endpoint& endpoint,
                               const ListenOptions& options, Delegate& delegate)
    : ports_(ports),
      loop_(loop),
      name_(endpoint.text()),
      backlog_(options.waiting_instances == 0 ? kDefaultBacklog : options.waiting_instances),
      admission_(options.max_connections, delegate) {}

// Those that had connected before are handed out, too: the delegate tells them what there is to
// tell.
void MemoryListener::Close(absl::AnyInvocable<void()> closed) {
  {
    const internal::MutexLock lock(ports_.mutex);
    ports_.listeners.erase(name_);
    ports_.changed.notify_all();
  }
  TakeWaiting();
  closed_ = true;
  loop_.Post(std::move(closed));
}

void MemoryListener::Add(std::unique_ptr<MemoryPipe> pipe) {
  ports_.mutex.AssertHeld();
  waiting_.push_back(std::move(pipe));
  loop_.Post([this] { TakeWaiting(); });
}

void MemoryListener::TakeWaiting() {
  while (!closed_ && TakeOne()) {
  }
}

bool MemoryListener::TakeOne() {
  std::unique_ptr<MemoryPipe> pipe;
  {
    const internal::MutexLock lock(ports_.mutex);
    if (waiting_.empty()) return false;
    pipe = std::move(waiting_.front());
    waiting_.pop_front();
    ports_.changed.notify_all();
  }
  Admission::Verdict verdict = admission_.Judge(pipe->peer());
  if (!verdict.slot) return true;
  pipe->Hold(std::move(verdict.slot));
  admission_.HandOut(std::move(pipe), std::move(verdict.refusal));
  return true;
}

}  // namespace piperpc::transport
