#include "src/transport/memory_listener.h"

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
  const std::lock_guard lock(ports.mutex);
  if (!ports.listeners.emplace(endpoint.address(), listener.get()).second) {
    return absl::AlreadyExistsError(absl::StrCat("a live server is at ", endpoint.text()));
  }
  ports.changed.notify_all();
  return listener;
}

MemoryListener::MemoryListener(MemoryPorts& ports, EventLoop& loop, const Endpoint& endpoint,
                               const ListenOptions& options, Delegate& delegate)
    : ports_(ports),
      loop_(loop),
      delegate_(delegate),
      address_(endpoint.address()),
      backlog_(options.waiting_instances == 0 ? kDefaultBacklog : options.waiting_instances),
      slots_(std::make_shared<ConnectionSlots>(options.max_connections, loop,
                                               [this] { TakeWaiting(); })) {}

void MemoryListener::Close(absl::AnyInvocable<void()> closed) {
  closed_ = true;
  slots_->Close();
  std::deque<std::unique_ptr<MemoryPipe>> turned_away;
  {
    const std::lock_guard lock(ports_.mutex);
    ports_.listeners.erase(address_);
    turned_away.swap(waiting_);
    ports_.changed.notify_all();
  }
  loop_.Post(std::move(closed));
}

void MemoryListener::Add(std::unique_ptr<MemoryPipe> pipe) {
  waiting_.push_back(std::move(pipe));
  loop_.Post([this] { TakeWaiting(); });
}

void MemoryListener::TakeWaiting() {
  while (!closed_ && TakeOne()) {
  }
}

bool MemoryListener::TakeOne() {
  ConnectionSlots::Slot slot = slots_->TryTake();
  if (!slot) return false;
  std::unique_ptr<MemoryPipe> pipe;
  {
    const std::lock_guard lock(ports_.mutex);
    if (waiting_.empty()) return false;
    pipe = std::move(waiting_.front());
    waiting_.pop_front();
    ports_.changed.notify_all();
  }
  pipe->Hold(std::move(slot));
  delegate_.OnConnect(std::move(pipe));
  return true;
}

}  // namespace piperpc::transport
