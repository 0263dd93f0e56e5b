#include "src/connection/loop_executor.h"

#include <utility>

#include "piperpc/internal/threads.h"

namespace piperpc::connection {

class LoopExecutor::Later final : public transport::EventLoop::Timer,
                                  public base::IdTableLink<Later> {
 public:
  Later(LoopExecutor& owner, TimerId id, absl::AnyInvocable<void()> work)
      : owner_(owner), id_(id), work_(std::move(work)) {}
  ~Later() { owner_.loop_.Cancel(*this); }

  TimerId id() const { return id_; }

 private:
  void OnTimer() override {
    absl::AnyInvocable<void()> work = std::move(work_);
    owner_.Take(id_).reset();
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

LoopExecutor::~LoopExecutor() {
  CloseHandles();
  later_.Empty([](Later& later) { delete &later; });
}

std::unique_ptr<LoopExecutor::Later> LoopExecutor::Take(TimerId timer) {
  Later* const later = later_.Find(timer);
  if (later != nullptr) later_.Remove(*later);
  return std::unique_ptr<Later>(later);
}

LoopExecutor::TimerId LoopExecutor::PostAt(base::TimePoint when, absl::AnyInvocable<void()> work) {
  const TimerId id = ++last_timer_;
  if (loop_.InLoop()) {
    Add(id, when, std::move(work));
  } else {
    ++on_their_way_;
    Post([this, id, when, work = std::move(work)]() mutable {
      --on_their_way_;
      Add(id, when, std::move(work));
    });
  }
  return id;
}

void LoopExecutor::Add(TimerId id, base::TimePoint when, absl::AnyInvocable<void()> work) {
  auto timer = std::make_unique<Later>(*this, id, std::move(work));
  loop_.Schedule(*timer, when);
  later_.Add(*timer);
  static_cast<void>(timer.release());  // The table's now.
}

void LoopExecutor::CancelTimer(TimerId timer) {
  if (!loop_.InLoop()) return Post([this, timer] { CancelTimer(timer); });
  const std::unique_ptr<Later> taken =
      Take(timer);  // What it holds may come back here as it goes away.
  // Another thread may just have made it: then it comes before what is posted now.
  if (taken == nullptr && on_their_way_ > 0) Post([this, timer] { Take(timer); });
}

void LoopExecutor::Run() {
  const Scope scope(this);
  loop_.Run();
}

LoopThread::LoopThread(std::unique_ptr<transport::EventLoop> loop)
    : loop_(std::move(loop)), executor_(*loop_) {}

LoopThread::~LoopThread() { Stop(); }

absl::Status LoopThread::Start(absl::AnyInvocable<void()> first) {
  // Without a thread the future goes first: a promise that is broken allocates, and must not throw.
  const auto ended = std::make_shared<std::promise<void>>();
  std::future<void> end = ended->get_future();
  auto thread = internal::StartThread("the thread of an event loop",
                                      [this, first = std::move(first), ended]() mutable {
                                        first();
                                        executor_.Run();
                                        ended->set_value();
                                      });
  if (!thread.ok()) return thread.status();
  thread_ = *std::move(thread);
  ended_ = std::move(end);
  return absl::OkStatus();
}

bool LoopThread::Stop(base::TimePoint limit) {
  if (!thread_.joinable()) return true;
  loop_->Stop();
  if (limit != base::kNever && ended_.wait_until(limit) != std::future_status::ready) return false;
  thread_.join();
  return true;
}

}  // namespace piperpc::connection
