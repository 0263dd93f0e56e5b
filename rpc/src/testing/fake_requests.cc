#include "piperpc/testing/fake_requests.h"

#include <coroutine>
#include <deque>
#include <functional>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "piperpc/executor.h"
#include "piperpc/internal/mutex.h"

namespace piperpc::internal {

// What is posted to an executor keeps it alive.
class FakeInbox::Stream final : public InboundStream, public std::enable_shared_from_this<Stream> {
 public:
  explicit Stream(std::stop_token stop) : stop_(std::move(stop)) {}

  // Once, when it is shared.
  void WatchStop() {
    on_stop_.emplace(stop_, [weak = weak_from_this()] {
      if (const auto stream = weak.lock()) stream->Wake();
    });
  }

  void Add(std::string bytes) {
    {
      const MutexLock lock(mutex_);
      if (ended_) return;
      requests_.push_back(std::move(bytes));
    }
    Wake();
  }
  void End() {
    {
      const MutexLock lock(mutex_);
      ended_ = true;
    }
    Wake();
  }

  bool Ready() override {
    const MutexLock lock(mutex_);
    return IsReady();
  }
  void ResumeWhenReady(std::coroutine_handle<> waiter) override {
    {
      const MutexLock lock(mutex_);
      waiter_ = waiter;
      executor_ = Executor::CurrentHandle();
    }
    if (Ready()) Wake();  // It may have come since it was asked.
  }
  void Forget() override {
    const MutexLock lock(mutex_);
    waiter_ = nullptr;
  }
  bool Pop(absl::FunctionRef<ParseResult(std::span<const char>)> parse) override {
    std::string bytes;
    {
      const MutexLock lock(mutex_);
      if (stop_.stop_requested() || requests_.empty()) return false;
      bytes = std::move(requests_.front());
      requests_.pop_front();
    }
    return parse(bytes) == ParseResult::kParsed;
  }

 private:
  bool IsReady() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return ended_ || !requests_.empty() || stop_.stop_requested();
  }

  // Resumes who waits, on its executor.
  void Wake() {
    Executor::Handle executor;
    {
      const MutexLock lock(mutex_);
      if (waiter_ == nullptr) return;
      executor = executor_;
    }
    executor.PostOrRun([self = shared_from_this()] { self->Resume(); });
  }
  void Resume() {
    std::coroutine_handle<> waiter;
    {
      const MutexLock lock(mutex_);
      if (waiter_ == nullptr || !IsReady()) return;
      waiter = std::exchange(waiter_, nullptr);
    }
    waiter.resume();
  }

  const std::stop_token stop_;
  Mutex mutex_;
  std::deque<std::string> requests_ ABSL_GUARDED_BY(mutex_);
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::coroutine_handle<> waiter_ ABSL_GUARDED_BY(mutex_);
  Executor::Handle executor_ ABSL_GUARDED_BY(mutex_);
  std::optional<std::stop_callback<std::function<void()>>> on_stop_;
};

FakeInbox::FakeInbox(std::stop_token stop) : stream_(std::make_shared<Stream>(std::move(stop))) {
  stream_->WatchStop();
}

FakeInbox::~FakeInbox() = default;

void FakeInbox::Add(std::string bytes) { stream_->Add(std::move(bytes)); }

void FakeInbox::End() { stream_->End(); }

InboundStream& FakeInbox::stream() { return *stream_; }

}  // namespace piperpc::internal
