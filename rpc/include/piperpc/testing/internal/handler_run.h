// How FakeServerContext runs a handler, and what it does with what the handler gives.
#pragma once

#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "piperpc/internal/codec.h"
#include "piperpc/internal/exceptions.h"
#include "piperpc/internal/mutex.h"
#include "piperpc/stream.h"
#include "piperpc/task.h"
#include "piperpc/testing/internal/message_bytes.h"

namespace piperpc::internal {

// The caller of a handler that threw gets INTERNAL; a test is told what was thrown, too.
absl::Status HandlerThrew(const std::exception_ptr& thrown);

// The end of something on another thread. Whoever waits for it may destroy it as soon as it has
// come.
class RunEnd {
 public:
  void Set();
  bool Wait(std::chrono::steady_clock::duration limit);  // False: it did not come.

 private:
  Mutex mutex_;
  std::condition_variable changed_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

// A handler under way. On the executor, but for its constructor and destructor.
class HandlerRun {
 public:
  virtual ~HandlerRun() = default;
  virtual void Start(RunEnd& end) = 0;
  virtual void Destroy() = 0;  // Its coroutine, wherever that waits.
};

// One that gives one response.
template <typename Response>
class TaskRun final : public HandlerRun {
 public:
  explicit TaskRun(Task<absl::StatusOr<Response>> task) : task_(std::move(task)) {}

  void Start(RunEnd& end) override {
    end_ = &end;
    task_->Start(&Done, this);
  }
  void Destroy() override { task_.reset(); }

  absl::StatusOr<Response> Take() { return std::move(response_); }

 private:
  static void Done(void* self) { static_cast<TaskRun*>(self)->Keep(); }
  void Keep() {
    RunGuarded([this] { response_ = task_->Take(); },
               [this](std::exception_ptr thrown) { response_ = HandlerThrew(thrown); });
    end_->Set();
  }

  std::optional<Task<absl::StatusOr<Response>>> task_;
  absl::StatusOr<Response> response_ = absl::UnknownError("the handler has not ended");
  RunEnd* end_ = nullptr;
};

// One that gives a stream of them.
template <typename Response>
class StreamRun final : public HandlerRun, private StreamSink {
 public:
  // `full` is called when `most` messages have come: it stops the call.
  StreamRun(Stream<Response> stream, std::size_t most, std::stop_token stop,
            absl::AnyInvocable<void()> full)
      : stream_(std::move(stream)), most_(most), stop_(std::move(stop)), full_(std::move(full)) {}

  void Start(RunEnd& end) override {
    end_ = &end;
    stream_->Start(*this);
  }
  void Destroy() override { stream_.reset(); }

  std::vector<Response> TakeMessages() { return std::move(messages_); }
  const absl::Status& status() const { return status_; }

 private:
  bool Put(const OutMessage& message, std::coroutine_handle<>, AtStop at_stop) override {
    if (!stop_.stop_requested()) Keep(message);
    if (!stop_.stop_requested() || at_stop == AtStop::kResume) return true;
    Finish(absl::CancelledError("the call has been stopped; the handler was left at a yield"));
    return false;
  }
  void End(absl::Status status) override { Finish(std::move(status)); }
  void FinishWith(const OutMessage& response) override {
    Keep(response);
    Finish(absl::OkStatus());
  }
  void Throw(std::exception_ptr thrown) override { Finish(HandlerThrew(thrown)); }

  void Keep(const OutMessage& message) {
    ParseMessage(BytesOf(message), messages_.emplace_back());
    if (messages_.size() == most_) full_();
  }
  void Finish(absl::Status status) {
    status_ = std::move(status);
    end_->Set();
  }

  std::optional<Stream<Response>> stream_;
  const std::size_t most_;
  const std::stop_token stop_;
  absl::AnyInvocable<void()> full_;
  std::vector<Response> messages_;
  absl::Status status_ = absl::UnknownError("the handler has not ended");
  RunEnd* end_ = nullptr;
};

}  // namespace piperpc::internal
