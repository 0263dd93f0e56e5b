#include "src/transport/win32/event_wait.h"

#include "src/transport/win32/error.h"

namespace piperpc::transport {

EventWait::~EventWait() {
  if (wait_ == nullptr) return;
  ::WaitForThreadpoolWaitCallbacks(wait_, TRUE);  // One may be just returning.
  ::CloseThreadpoolWait(wait_);
}

absl::Status EventWait::Open() {
  event_ = UniqueHandle(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
  if (!event_) return PipeError(::GetLastError(), "CreateEvent");
  wait_ = ::CreateThreadpoolWait(&OnSignal, this, nullptr);
  if (wait_ == nullptr) return PipeError(::GetLastError(), "CreateThreadpoolWait");
  return absl::OkStatus();
}

void EventWait::Arm(IocpLoop& loop) {
  loop_ = &loop;
  ::SetThreadpoolWait(wait_, event_.get(), nullptr);
}

void CALLBACK EventWait::OnSignal(PTP_CALLBACK_INSTANCE, void* self, PTP_WAIT, TP_WAIT_RESULT) {
  auto& wait = *static_cast<EventWait*>(self);
  wait.loop_->Complete(wait.operation_, ERROR_SUCCESS);
}

}  // namespace piperpc::transport
