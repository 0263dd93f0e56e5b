// What a loop is asked for by other threads.
#pragma once

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "src/base/clock.h"
#include "src/base/memory.h"
#include "src/transport/event_loop.h"

namespace piperpc::server {

// What is asked may come back to handlers, which may not return either: so both threads own it, and
// whoever waits may leave.
template <typename T>
class Asked {
 public:
  // `question` runs on `loop`. Where it has no memory, an empty T is the answer: somebody waits.
  Asked(transport::EventLoop& loop, absl::AnyInvocable<T()> question)
      : answer_(std::make_shared<Answer>()), value_(answer_->value.get_future()) {
    loop.Post([answer = answer_, question = std::move(question)]() mutable {
      if (answer->begun.exchange(true)) return;
      answer->value.set_value(base::RunInMemory(question, [] { return T(); }));
    });
  }

  // Waits for the loop. None: something that runs on it keeps it from that until `limit`, or it has
  // stopped, which is seen at `limit` alone. What has not begun by then is not done. Once.
  std::optional<T> Wait(base::TimePoint limit) {
    if (limit != base::kNever && value_.wait_until(limit) != std::future_status::ready) {
      answer_->begun.store(true);
      return std::nullopt;
    }
    try {
      return value_.get();
    } catch (const std::future_error&) {
      return std::nullopt;
    }
  }

 private:
  struct Answer {
    std::atomic<bool> begun = false;  // Or given up.
    std::promise<T> value;
  };
  std::shared_ptr<Answer> answer_;
  std::future<T> value_;
};

}  // namespace piperpc::server
