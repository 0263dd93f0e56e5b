#include "piperpc/async.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "src/session/loop_executor.h"
#include "src/transport/transport.h"

namespace piperpc {
namespace {

using ::testing::HasSubstr;

// A loop on a thread, and tasks run on it.
class Async : public ::testing::Test {
 protected:
  Async() : loop_(*(*transport::SystemTransport("auto"))->NewLoop()) { loop_.Start(); }

  void OnLoop(absl::AnyInvocable<void()> work) {
    std::promise<void> done;
    loop_.loop().Post([&] {
      work();
      done.set_value();
    });
    done.get_future().wait();
  }

  // Starts the task on the loop; the future has its result. The frame lives until the fixture ends.
  template <typename T>
  std::future<T> Start(Task<T> task) {
    struct Running {
      Task<T> task;
      std::promise<T> promise;
    };
    auto running = std::make_shared<Running>(Running{std::move(task), {}});
    OnLoop([this, running] {
      kept_.push_back(running);
      running->task.Start(
          [](void* raw) {
            auto* const self = static_cast<Running*>(raw);
            self->promise.set_value(self->task.Take());
          },
          running.get());
    });
    return running->promise.get_future();
  }

  void TearDown() override {
    OnLoop([this] { kept_.clear(); });
  }

  LoopThread loop_;
  std::vector<std::shared_ptr<void>> kept_;
};

Task<bool> WaitFor(AsyncEvent& event, std::stop_token stop = {}) {
  const bool set = co_await event.Wait(std::move(stop));
  co_return set;
}

TEST_F(Async, EventWakesItsWaiterOnTheLoop) {
  AsyncEvent event;
  bool on_loop = false;
  auto waiter = [&]() -> Task<bool> {
    const bool set = co_await event.Wait();
    on_loop = Executor::Current() == &loop_.executor();
    co_return set;
  };
  std::future<bool> result = Start(waiter());
  event.Set();
  EXPECT_TRUE(result.get());
  EXPECT_TRUE(on_loop);
}

TEST_F(Async, EventSetBeforeIsNotLostAndIsClearedByTheWait) {
  AsyncEvent event;
  event.Set();
  EXPECT_TRUE(Start(WaitFor(event)).get());
  std::stop_source stop;
  std::future<bool> second = Start(WaitFor(event, stop.get_token()));
  stop.request_stop();
  EXPECT_FALSE(second.get());
}

TEST_F(Async, StopThatCameBeforeEndsTheWaitAtOnce) {
  AsyncEvent event;
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(Start(WaitFor(event, stop.get_token())).get());
}

TEST_F(Async, WaiterThatIsGoneIsNotResumed) {
  AsyncEvent event;
  std::future<bool> result = Start(WaitFor(event));
  OnLoop([&] {
    event.Set();    // Posts the resumption,
    kept_.clear();  // and the frame goes away before it runs.
  });
  EXPECT_THROW(result.get(), std::future_error);
}

TEST_F(Async, SleepEndsByTimeOrByStop) {
  std::stop_source stop;
  std::future<bool> cut = Start(Sleep(std::chrono::hours(1), stop.get_token()));
  EXPECT_TRUE(Start(Sleep(std::chrono::milliseconds(1))).get());
  stop.request_stop();
  EXPECT_FALSE(cut.get());
}

TEST_F(Async, RunBlockingGivesTheResultOnTheLoop) {
  WorkerPool pool(1, 1);
  auto task = [&]() -> Task<absl::StatusOr<std::string>> {
    absl::StatusOr<std::string> result =
        co_await RunBlocking(pool, []() -> absl::StatusOr<std::string> {
          return std::string(Executor::Current() == nullptr ? "worker" : "loop");
        });
    co_return result;
  };
  EXPECT_EQ(*Start(task()).get(), "worker");
}

TEST_F(Async, RunBlockingTurnsAnExceptionIntoInternal) {
  WorkerPool pool(1, 1);
  auto task = RunBlocking(pool, []() -> absl::Status { throw std::runtime_error("boom"); });
  const absl::Status status = Start(std::move(task)).get();
  EXPECT_TRUE(absl::IsInternal(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("boom"));
}

TEST_F(Async, DestroyingTheFrameWaitsForWorkThatRuns) {
  std::promise<void> begun;
  std::promise<void> release;
  std::future<void> released = release.get_future();
  bool ended = false;
  WorkerPool pool(1, 1);
  std::future<absl::Status> result = Start(RunBlocking(pool, [&]() -> absl::Status {
    begun.set_value();
    released.wait();
    ended = true;
    return absl::OkStatus();
  }));
  begun.get_future().wait();
  loop_.loop().Post([&] { kept_.clear(); });
  release.set_value();
  OnLoop([] {});
  EXPECT_TRUE(ended);
}

TEST(WorkerPool, RefusesAboveItsQueueAndNamesTheLimit) {
  std::promise<void> begun;
  std::promise<void> release;
  std::future<void> released = release.get_future();
  WorkerPool pool(1, 1);  // Ends before what its work uses.
  ASSERT_TRUE(pool.Run([&] {
                    begun.set_value();
                    released.wait();
                  })
                  .ok());
  begun.get_future().wait();
  ASSERT_TRUE(pool.Run([] {}).ok());
  const absl::Status refused = pool.Run([] {});
  EXPECT_TRUE(absl::IsResourceExhausted(refused));
  EXPECT_THAT(std::string(refused.message()), HasSubstr("limit is 1"));
  release.set_value();
}

TEST(WorkerPool, StopRunsWhatIsQueuedAndRefusesTheRest) {
  WorkerPool pool(2, 100);
  std::atomic<int> ran = 0;
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(pool.Run([&] { ++ran; }).ok());
  pool.Stop();
  EXPECT_EQ(ran, 50);
  EXPECT_TRUE(absl::IsUnavailable(pool.Run([] {})));
}

}  // namespace
}  // namespace piperpc
