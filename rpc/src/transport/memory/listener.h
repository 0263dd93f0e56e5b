// The listeners of an in-memory transport, and the clients that wait for them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "piperpc/endpoint.h"
#include "piperpc/internal/mutex.h"
#include "src/transport/admission.h"
#include "src/transport/listener.h"
#include "src/transport/memory/pipe.h"

namespace piperpc::transport {

class MemoryListener;

// Where a transport's listeners are found. The lock guards their backlogs, too.
struct MemoryPorts {
  internal::Mutex mutex;
  std::condition_variable changed;  // A listener came or went, or a backlog has room.
  std::map<std::string, MemoryListener*> listeners ABSL_GUARDED_BY(mutex);  // By address.
};

class MemoryListener final : public Listener {
 public:
  static absl::StatusOr<std::unique_ptr<Listener>> Open(MemoryPorts& ports, EventLoop& loop,
                                                        const Endpoint& endpoint,
                                                        const ListenOptions& options,
                                                        Delegate& delegate);

  void Close(absl::AnyInvocable<void()> closed) override;

  // Under the ports' lock, any thread.
  bool HasRoom() const {
    ports_.mutex.AssertHeld();
    return waiting_.size() < backlog_;
  }
  void Add(std::unique_ptr<MemoryPipe> pipe);

 private:
  MemoryListener(MemoryPorts& ports, EventLoop& loop, const Endpoint& endpoint,
                 const ListenOptions& options, Delegate& delegate);

  void TakeWaiting();
  bool TakeOne();

  MemoryPorts& ports_;
  EventLoop& loop_;
  const std::string name_;
  const std::size_t backlog_;
  Admission admission_;
  std::deque<std::unique_ptr<MemoryPipe>> waiting_ ABSL_GUARDED_BY(ports_.mutex);
  bool closed_ = false;  // Loop thread only.
};

}  // namespace piperpc::transport
