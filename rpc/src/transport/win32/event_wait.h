// An event that ends an operation on a loop.
//
// The I/O of a pipe that may still move to another loop, or that nearly always ends at once, does
// not go to a completion port by itself: an association is for good, and a packet costs an
// iteration of the loop. It signals an event, and where that has to be waited for the system's
// thread pool does.
#pragma once

#include <windows.h>

#include "absl/status/status.h"
#include "src/transport/win32/event_loop.h"
#include "src/transport/win32/handle.h"

namespace piperpc::transport {

class EventWait {
 public:
  explicit EventWait(IocpLoop::Operation& operation) : operation_(operation) {}
  EventWait(const EventWait&) = delete;
  EventWait& operator=(const EventWait&) = delete;
  ~EventWait();  // Not while it is armed.

  absl::Status Open();  // First. RESOURCE_EXHAUSTED or INTERNAL.

  HANDLE event() const { return event_.get(); }

  // Completes the operation on `loop` when the event is signaled; once. Any thread.
  void Arm(IocpLoop& loop);

 private:
  static void CALLBACK OnSignal(PTP_CALLBACK_INSTANCE, void* self, PTP_WAIT, TP_WAIT_RESULT);

  IocpLoop::Operation& operation_;
  IocpLoop* loop_ = nullptr;
  UniqueHandle event_;
  PTP_WAIT wait_ = nullptr;
};

}  // namespace piperpc::transport
