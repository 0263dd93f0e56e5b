#include "src/session/loop_executor.h"

#include <utility>

namespace piperpc {

class LoopExecutor::Later final : public transport::EventLoop::Timer {
 public:
  Later(LoopExecutor& owner, absl::AnyInvocable<void()> work)
      : owner_(owner), work_(std::move(work)) {}

 private:
  void OnTimer() override {
    absl::AnyInvocable<void()> work = std::move(work_);
    owner_.Forget(*this);
    work();
  }

  LoopExecutor& owner_;
  absl::AnyInvocable<void()> work_;
};

LoopExecutor::LoopExecutor(transport::EventLoop& loop) : loop_(loop) {}

LoopExecutor::~LoopExecutor() {
  for (auto& [timer, owned] : later_) loop_.Cancel(*timer);
}

void LoopExecutor::PostAt(std::chrono::steady_clock::time_point when,
                          absl::AnyInvocable<void()> work) {
  Post([this, when, work = std::move(work)]() mutable { Add(when, std::move(work)); });
}

void LoopExecutor::Add(std::chrono::steady_clock::time_point when,
                       absl::AnyInvocable<void()> work) {
  auto timer = std::make_unique<Later>(*this, std::move(work));
  loop_.Schedule(*timer, when);
  later_.emplace(timer.get(), std::move(timer));
}

void LoopExecutor::Forget(Later& timer) { later_.erase(&timer); }

void LoopExecutor::Run() {
  const Scope scope(this);
  loop_.Run();
}

LoopThread::LoopThread(std::unique_ptr<transport::EventLoop> loop)
    : loop_(std::move(loop)), executor_(*loop_) {}

LoopThread::~LoopThread() { Stop(); }

void LoopThread::Start() {
  thread_ = std::thread([this] { executor_.Run(); });
}

void LoopThread::Stop() {
  if (!thread_.joinable()) return;
  loop_->Stop();
  thread_.join();
}

}  // namespace piperpc
