// An executor of PipeRPC on asio's io_context.
#pragma once

#include <asio/dispatch.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>
#include <asio/steady_timer.hpp>
#include <atomic>
#include <map>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "piperpc/executor.h"

// One thread runs the io_context, which outlives this; nobody runs it afterwards.
class AsioExecutor final : public piperpc::Executor {
 public:
  explicit AsioExecutor(asio::io_context& context) : context_(context) {}
  ~AsioExecutor() override { CloseHandles(); }

  asio::io_context& context() { return context_; }

  void Post(absl::AnyInvocable<void()> work) override {
    asio::post(context_, [this, work = std::move(work)]() mutable { Run(work); });
  }

  // On the io_context's thread, dispatch() runs in place.
  TimerId PostAt(TimePoint when, absl::AnyInvocable<void()> work) override {
    const TimerId id = ++last_timer_;
    asio::dispatch(context_, [this, id, when, work = std::move(work)]() mutable {
      Later later{asio::steady_timer(context_, when), std::move(work)};
      timers_.emplace(id, std::move(later)).first->second.timer.async_wait([this, id](auto error) {
        if (!error) Fire(id);
      });
    });
    return id;
  }

  void CancelTimer(TimerId timer) override {
    asio::dispatch(context_, [this, timer] { timers_.extract(timer); });
  }

 private:
  struct Later {
    asio::steady_timer timer;
    absl::AnyInvocable<void()> work;
  };

  void Fire(TimerId id) {
    auto later = timers_.extract(id);  // May have been cancelled just now.
    if (!later.empty()) Run(later.mapped().work);
  }

  void Run(absl::AnyInvocable<void()>& work) {
    const Scope scope(this);  // Current() is this one: so coroutines come back to it.
    try {
      work();
    } catch (...) {  // As executor.h says.
    }
  }

  asio::io_context& context_;
  std::atomic<TimerId> last_timer_ = 0;
  std::map<TimerId, Later> timers_;  // Of the io_context's thread.
};
