// A call without a server: what a handler's coroutine sees of one, in the hands of a test. All on
// the test's own thread, save the workers.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <coroutine>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "piperpc/async.h"
#include "piperpc/executor.h"
#include "piperpc/internal/streams.h"
#include "piperpc/stream.h"

namespace piperpc::testing {

// An executor that runs what is posted when the test says so.
class FakeLoop final : public Executor {
 public:
  FakeLoop() : scope_(this) {}

  void Post(absl::AnyInvocable<void()> work) override {
    std::lock_guard lock(mutex_);
    queue_.push_back(std::move(work));
    changed_.notify_one();
  }
  TimerId PostAt(TimePoint, absl::AnyInvocable<void()> work) override {
    Post(std::move(work));
    return 1;
  }
  void CancelTimer(TimerId) override {}

  // Runs work until `condition` holds; fails the test when that takes too long.
  void RunUntil(const std::function<bool()>& condition) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!condition()) {
      std::optional<absl::AnyInvocable<void()>> work = Next(limit);
      if (!work.has_value()) {
        ADD_FAILURE() << "nothing came to run";
        return;
      }
      (*work)();
    }
  }

 private:
  std::optional<absl::AnyInvocable<void()>> Next(std::chrono::steady_clock::time_point limit) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait_until(lock, limit, [this] { return !queue_.empty(); })) return std::nullopt;
    std::optional<absl::AnyInvocable<void()>> work(std::move(queue_.front()));
    queue_.pop_front();
    return work;
  }

  Scope scope_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<absl::AnyInvocable<void()>> queue_;
};

// The client's requests.
class FakeInbound final : public internal::InboundStream {
 public:
  template <typename Message>
  void Send(const Message& message) {
    queue_.push_back(message.SerializeAsString());
    Wake();
  }
  void End() {
    ended_ = true;
    Wake();
  }
  std::size_t unread() const { return queue_.size(); }
  bool awaited() const { return waiter_ != nullptr; }

  bool Ready() override { return ended_ || !queue_.empty(); }
  void ResumeWhenReady(std::coroutine_handle<> waiter) override { waiter_ = waiter; }
  void Forget() override { waiter_ = nullptr; }
  bool Pop(absl::FunctionRef<internal::ParseResult(std::span<const char>)> parse) override {
    if (queue_.empty()) return false;
    const std::string bytes = std::move(queue_.front());
    queue_.pop_front();
    return parse(bytes) == internal::ParseResult::kParsed;
  }

 private:
  void Wake() {
    if (waiter_) std::exchange(waiter_, nullptr).resume();
  }

  std::deque<std::string> queue_;
  bool ended_ = false;
  std::coroutine_handle<> waiter_;
};

// The client that reads the replies, as long as it has credit.
template <typename Message>
class FakeSink final : public internal::StreamSink {
 public:
  explicit FakeSink(std::size_t credit = 1'000'000) : credit_(credit) {}

  void Grant(std::size_t credit) {
    credit_ += credit;
    if (producer_ && credit_ > 0) std::exchange(producer_, nullptr).resume();
  }
  bool waiting() const { return producer_ != nullptr; }
  bool ended() const { return status_.has_value(); }
  const absl::Status& status() const { return *status_; }
  const std::vector<Message>& messages() const { return messages_; }

  bool Put(const internal::OutMessage& message, std::coroutine_handle<> producer,
           internal::AtStop at_stop) override {
    if (stopped_ && at_stop == internal::AtStop::kResume) return true;
    std::string bytes(message.size(), '\0');
    message.WriteTo(bytes.data());
    EXPECT_TRUE(messages_.emplace_back().ParseFromString(bytes));
    if (--credit_ > 0) return true;
    producer_ = producer;
    return false;
  }
  void End(absl::Status status) override { status_ = std::move(status); }
  void FinishWith(const internal::OutMessage&) override { status_ = absl::OkStatus(); }
  void Throw(std::exception_ptr) override { status_ = absl::InternalError("thrown"); }

  // The call is stopped: who waits in a yield and asked for it goes on.
  void Stop() {
    stopped_ = true;
    if (producer_) std::exchange(producer_, nullptr).resume();
  }

 private:
  std::size_t credit_;
  bool stopped_ = false;
  std::coroutine_handle<> producer_;
  std::vector<Message> messages_;
  std::optional<absl::Status> status_;
};

}  // namespace piperpc::testing
