#include "src/session/loop_executor.h"

#include <utility>

#include "piperpc/internal/threads.h"

namespace piperpc {

class LoopExecutor::Later final : public transport::EventLoop::Timer {
 public:
  Later(LoopExecutor& owner, TimerId id, absl::AnyInvocable<void()> work)
      : owner_(owner), id_(id), work_(std::move(work)) {}
  ~Later() { owner_.loop_.Cancel(*this); }

 private:
  void OnTimer() override {
    absl::AnyInvocable<void()> work = std::move(work_);
    owner_.later_.erase(id_);
    try {
      work();
    } catch (...) {  // As executor.h says.
    }
  }

  LoopExecutor& owner_;
  const TimerId id_;
  absl::AnyInvocable<void()> work_;
};

LoopExecutor::LoopExecutor(transport::EventLoop& loop) : loop_(loop) {}

LoopExecutor::~LoopExecutor() { CloseHandles(); }

LoopExecutor::TimerId LoopExecutor::PostAt(TimePoint when, absl::AnyInvocable<void()> work) {
  const TimerId id = ++last_timer_;
  if (loop_.InLoop()) {
    Add(id, when, std::move(work));
  } else {
    Post([this, id, when, work = std::move(work)]() mutable { Add(id, when, std::move(work)); });
  }
  return id;
}

void LoopExecutor::Add(TimerId id, TimePoint when, absl::AnyInvocable<void()> work) {
  auto timer = std::make_unique<Later>(*this, id, std::move(work));
  loop_.Schedule(*timer, when);
  later_.emplace(id, std::move(timer));
}

void LoopExecutor::CancelTimer(TimerId timer) {
  if (!loop_.InLoop()) return Post([this, timer] { CancelTimer(timer); });
  const auto node = later_.extract(timer);  // What it holds may come back here as it goes away.
}

void LoopExecutor::Run() {
  const Scope scope(this);
  loop_.Run();
}

LoopThread::LoopThread(std::unique_ptr<transport::EventLoop> loop)
    : loop_(std::move(loop)), executor_(*loop_) {}

LoopThread::~LoopThread() { Stop(); }

absl::Status LoopThread::Start() {
  auto thread = internal::StartThread("the thread of an event loop", [this] { executor_.Run(); });
  if (!thread.ok()) return thread.status();
  thread_ = *std::move(thread);
  return absl::OkStatus();
}

void LoopThread::Stop() {
  if (!thread_.joinable()) return;
  loop_->Stop();
  thread_.join();
}

}  // namespace piperpc
