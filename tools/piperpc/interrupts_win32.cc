#include <windows.h>

#include "absl/base/thread_annotations.h"
#include "piperpc/internal/mutex.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/interrupts.h"

namespace piperpc::cli {

class Interrupts::Impl {
 public:
  Impl() {
    SetCurrent(this);
    SetConsoleCtrlHandler(&HandleEvent, TRUE);
  }
  ~Impl() {
    SetConsoleCtrlHandler(&HandleEvent, FALSE);
    SetCurrent(nullptr);
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  std::stop_token Arm() {
    const internal::MutexLock lock(mutex_);
    source_ = std::stop_source();
    return source_.get_token();
  }

 private:
  static void SetCurrent(Impl* impl) {
    const internal::MutexLock lock(mutex_);
    current_ = impl;
  }

  // On a thread of the system. FALSE leaves the event to the system, which ends the program.
  static BOOL WINAPI HandleEvent(DWORD event) {
    if (event != CTRL_C_EVENT && event != CTRL_BREAK_EVENT) return FALSE;
    internal::MutexLock lock(mutex_);
    if (current_ == nullptr) return FALSE;
    std::stop_source source = current_->source_;
    lock.Unlock();
    if (!source.request_stop()) TerminateProcess(GetCurrentProcess(), kExitInterrupted);
    return TRUE;
  }

  // The system gives its handler no argument, and calls it even while this goes away.
  static inline internal::Mutex mutex_;
  static inline Impl* current_ ABSL_GUARDED_BY(mutex_) = nullptr;

  std::stop_source source_ ABSL_GUARDED_BY(mutex_);
};

Interrupts::Interrupts() : impl_(std::make_unique<Impl>()) {}
Interrupts::~Interrupts() = default;

// The system makes a thread for each event.
Outcome Interrupts::status() const { return Outcome(); }

std::stop_token Interrupts::Arm() { return impl_->Arm(); }

}  // namespace piperpc::cli
