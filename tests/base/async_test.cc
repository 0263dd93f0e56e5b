#include "piperpc/async.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "src/connection/loop_executor.h"
#include "src/transport/transport.h"
#include "support/coroutines.h"
#include "support/loop_fixture.h"

namespace piperpc {
namespace {

using ::testing::HasSubstr;
using testing::kAwaitedByNameOnly;
using testing::WaitFor;

class Async : public testing::LoopFixture {};

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

// As often as it was made, by g++ 12 too: there it cannot be made where the task is awaited.
TEST_F(Async, RunBlockingDestroysWhatTheWorkHoldsOnce) {
  WorkerPool pool(1, 1);
  const auto held = std::make_shared<int>();
  const auto task = [&]() -> Task<absl::Status> {
    auto work = RunBlocking(pool, [held] { return absl::OkStatus(); });
    absl::Status status = co_await work;
    co_return status;
  };
  EXPECT_TRUE(Start(task()).get().ok());
  pool.Stop();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(Async, RunBlockingIsAwaitedInOneStepOnlyWhereThatIsSafe) {
  WorkerPool pool(1, 1);
  const auto held = std::make_shared<int>();
  const auto simple = RunBlocking(pool, [] { return absl::OkStatus(); });
  const auto owning = RunBlocking(pool, [held] { return absl::OkStatus(); });
  EXPECT_FALSE(kAwaitedByNameOnly<decltype(simple)>);
  EXPECT_EQ(kAwaitedByNameOnly<std::remove_const_t<decltype(owning)>>,
            internal::kTemporariesAreDestroyedTwice);
}

TEST_F(Async, RunBlockingThrowsWhatTheWorkThrew) {
  WorkerPool pool(1, 1);
  const auto task = [&]() -> Task<std::string> {
    auto work = RunBlocking(pool, []() -> absl::Status { throw std::runtime_error("boom"); });
    try {
      static_cast<void>(co_await work);
    } catch (const std::runtime_error& error) {
      co_return error.what();
    }
    co_return "nothing was thrown";
  };
  EXPECT_EQ(Start(task()).get(), "boom");
}

TEST_F(Async, DestroyingTheFrameDoesNotWaitForWorkThatRuns) {
  std::promise<void> begun;
  std::promise<void> release;
  std::future<void> released = release.get_future();
  WorkerPool pool(1, 1);
  std::future<absl::Status> result = Start(RunBlocking(pool, [&]() -> absl::Status {
    begun.set_value();
    released.wait();
    return absl::OkStatus();
  }));
  begun.get_future().wait();
  OnLoop([&] { kept_.clear(); });  // Were it to wait, this would not return.
  release.set_value();
}

TEST_F(Async, WorkThatWaitsForAThreadIsTakenBackByAStop) {
  std::promise<void> begun;
  std::promise<void> release;
  std::future<void> released = release.get_future();
  bool ran = false;
  WorkerPool pool(1, 1);
  ASSERT_TRUE(pool.Run([&] {
                    begun.set_value();
                    released.wait();
                  })
                  .ok());
  begun.get_future().wait();
  std::stop_source stop;
  const auto work = [&]() -> absl::Status {
    ran = true;
    return absl::OkStatus();
  };
  std::future<absl::Status> result = Start(RunBlocking(pool, work, stop.get_token()));
  stop.request_stop();
  EXPECT_TRUE(absl::IsCancelled(result.get()));
  EXPECT_TRUE(pool.Run([] {}).ok());  // Its place in the queue is free again.
  release.set_value();
  pool.Stop();
  EXPECT_FALSE(ran);
}

TEST_F(Async, WorkIsNotOfferedToAPoolAfterAStop) {
  WorkerPool pool(1, 0);
  std::promise<void> release;
  ASSERT_TRUE(pool.Run([&] { release.get_future().wait(); }).ok());
  std::stop_source stop;
  stop.request_stop();
  const auto work = [] { return absl::OkStatus(); };
  const absl::Status status = Start(RunBlocking(pool, work, stop.get_token())).get();
  EXPECT_TRUE(absl::IsCancelled(status)) << status;  // And not for want of room.
  release.set_value();
  pool.Stop();
}

TEST_F(Async, SleepThatIsTooLongToBeCountedLastsUntilItIsStopped) {
  for (const auto delay : {std::chrono::steady_clock::duration::max(),
                           std::chrono::steady_clock::duration::max() - std::chrono::hours(1)}) {
    std::stop_source stop;
    std::future<bool> slept = Start(Sleep(delay, stop.get_token()));
    OnLoop([] {});
    EXPECT_EQ(slept.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
    stop.request_stop();
    EXPECT_FALSE(slept.get());
  }
}

Task<int> One() { co_return 1; }

Task<int> Sum(int count) {
  int sum = 0;
  for (int i = 0; i < count; ++i) {
    auto one = One();
    const int value = co_await one;
    sum += value;
  }
  co_return sum;
}

// The stack of a thread is some megabytes: less than 8 bytes for each of these.
TEST(TaskTest, AwaitsAMillionThatEndAtOnce) {
  Task<int> sum = Sum(1'000'000);
  sum.Start([](void*) {}, nullptr);
  EXPECT_EQ(sum.Take(), 1'000'000);
}

Task<bool> WaitAgain(AsyncEvent& event) {
  auto inner = WaitFor(event);
  const bool set = co_await inner;
  co_return set;
}

TEST(SyncWaitTest, ReturnsTheResult) { EXPECT_EQ(SyncWait(Sum(3)), 3); }

TEST(SyncWaitTest, ThrowsWhatLeavesTheTask) {
  const auto throws = []() -> Task<int> {
    throw std::runtime_error("inside");
    co_return 1;
  };
  EXPECT_THROW(SyncWait(throws()), std::runtime_error);
}

Task<void> SetTo(int& number, int value) {
  if (value < 0) throw std::invalid_argument("negative");
  number = value;
  co_return;
}

Task<void> SetBoth(int& first, int& second) {
  co_await SetTo(first, 1);
  co_await SetTo(second, 2);
}

TEST(SyncWaitTest, RunsATaskThatReturnsNothing) {
  int first = 0;
  int second = 0;
  SyncWait(SetBoth(first, second));
  EXPECT_EQ(first, 1);
  EXPECT_EQ(second, 2);
  EXPECT_THROW(SyncWait(SetTo(first, -1)), std::invalid_argument);
}

// Suspends what awaits it, and gives that away to be resumed.
struct Suspended {
  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> handle) { to.set_value(handle); }
  void await_resume() const noexcept {}
  std::promise<std::coroutine_handle<>>& to;
};

Task<std::thread::id> EndOnTheThreadThatGets(std::promise<std::coroutine_handle<>>& to) {
  Suspended suspended{to};
  co_await suspended;
  co_return std::this_thread::get_id();
}

TEST(SyncWaitTest, BlocksUntilAnotherThreadHasEndedTheTask) {
  std::promise<std::coroutine_handle<>> suspended;
  auto result =
      std::async(std::launch::async, [&] { return SyncWait(EndOnTheThreadThatGets(suspended)); });
  suspended.get_future().get().resume();
  EXPECT_EQ(result.get(), std::this_thread::get_id());
}

TEST_F(Async, SyncWaitIsRefusedOnAnEventLoop) {
  OnLoop([] { EXPECT_THROW(SyncWait(One()), std::logic_error); });
}

TEST_F(Async, ATaskThatWaitsGoesOnWithWhoAwaitsIt) {
  AsyncEvent event;
  std::future<bool> result = Start(WaitAgain(event));
  OnLoop([] {});
  event.Set();
  EXPECT_TRUE(result.get());
}

// Here the worker that resumes the inner task meets the thread that has just suspended the outer.
TEST(TaskTest, EndsOnAnotherThreadWhileItIsSuspended) {
  WorkerPool pool(1, 1);
  const auto outer = [&pool]() -> Task<absl::Status> {
    absl::Status status;
    for (int i = 0; i < 1000 && status.ok(); ++i) {
      auto inner = RunBlocking(pool, [] { return absl::OkStatus(); });
      status = co_await inner;
    }
    co_return status;
  };
  Task<absl::Status> task = outer();
  std::promise<void> ended;
  task.Start([](void* raw) { static_cast<std::promise<void>*>(raw)->set_value(); }, &ended);
  ended.get_future().wait();
  EXPECT_TRUE(task.Take().ok());
  pool.Stop();
}

TEST(Sleep, WithoutAnExecutorBlocksItsThread) {
  Task<bool> slept = Sleep(std::chrono::milliseconds(1));
  bool ended = false;
  slept.Start([](void* flag) { *static_cast<bool*>(flag) = true; }, &ended);
  EXPECT_TRUE(ended);
  EXPECT_TRUE(slept.Take());

  std::stop_source stop;
  stop.request_stop();
  Task<bool> stopped = Sleep(std::chrono::hours(1), stop.get_token());
  stopped.Start([](void*) {}, nullptr);
  EXPECT_FALSE(stopped.Take());
}

TEST_F(Async, ATimerGoesAwayWithItsOwner) {
  auto held = std::make_shared<int>(1);
  OnLoop([&] {
    Timer timer(std::chrono::steady_clock::now() + std::chrono::hours(1), [held] {});
    EXPECT_EQ(held.use_count(), 2);
  });
  EXPECT_EQ(held.use_count(), 1);
}

// What a timer holds goes away with it, and uses the executor as it goes.
TEST_F(Async, ACancelledTimerMayOwnATimerAndSetAnEvent) {
  struct SetAtTheEnd {
    explicit SetAtTheEnd(AsyncEvent& its_event) : event(its_event) {}
    ~SetAtTheEnd() { event.Set(); }
    AsyncEvent& event;
  };
  AsyncEvent event;
  std::future<bool> woken = Start(WaitFor(event));
  std::promise<void> done;
  loop_.loop().Post([&] {
    const auto when = std::chrono::steady_clock::now() + std::chrono::hours(1);
    auto inner = std::make_shared<Timer>(when, [] {});
    auto at_the_end = std::make_shared<SetAtTheEnd>(event);
    std::optional<Timer> outer(std::in_place, when, [inner, at_the_end] {});
    inner.reset();
    at_the_end.reset();
    outer.reset();
    EXPECT_EQ(loop_.executor().timers(), 0u);
    done.set_value();
  });
  if (done.get_future().wait_for(std::chrono::seconds(20)) != std::future_status::ready) {
    ADD_FAILURE() << "the loop waits for itself";
    std::abort();
  }
  EXPECT_TRUE(woken.get());
}

TEST_F(Async, ASleepThatWasStoppedLeavesNoTimer) {
  std::stop_source stop;
  std::future<bool> slept = Start(Sleep(std::chrono::hours(1), stop.get_token()));
  OnLoop([&] { EXPECT_EQ(loop_.executor().timers(), 1u); });
  stop.request_stop();
  EXPECT_FALSE(slept.get());
  OnLoop([&] { EXPECT_EQ(loop_.executor().timers(), 0u); });
}

TEST_F(Async, WhatPostedWorkAndTimersThrowIsDroppedAndTheLoopGoesOn) {
  Executor& executor = loop_.executor();
  std::promise<void> fired;
  OnLoop([&] {
    executor.Post([] { throw std::runtime_error("posted"); });
    executor.PostAt(std::chrono::steady_clock::now(), [] { throw std::runtime_error("timer"); });
    executor.PostAt(std::chrono::steady_clock::now(), [&] { fired.set_value(); });
  });
  EXPECT_EQ(fired.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  OnLoop([] {});
}

TEST(ExecutorHandle, WorkForAnExecutorThatIsGoneIsDestroyedWithoutBeingRun) {
  auto held = std::make_shared<int>(1);
  Executor::Handle handle;
  EXPECT_FALSE(handle.Post([] {}));
  {
    connection::LoopThread loop(*(*transport::SystemTransport("auto"))->NewLoop());
    ASSERT_TRUE(loop.Start().ok());
    std::promise<Executor::Handle> current;
    loop.loop().Post([&] { current.set_value(Executor::CurrentHandle()); });
    handle = current.get_future().get();
    EXPECT_TRUE(handle.Post([] {}));
  }
  EXPECT_FALSE(handle.Post([held] { ADD_FAILURE(); }));
  EXPECT_EQ(held.use_count(), 1);
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

// One worker, held by nobody's work until Open().
class SharedPool : public ::testing::Test {
 protected:
  SharedPool() {
    EXPECT_TRUE(pool_
                    .Run([this] {
                      begun_.set_value();
                      opened_.wait();
                    })
                    .ok());
    begun_.get_future().wait();
  }

  // What ran, in order.
  std::string RunAll() {
    open_.set_value();
    pool_.Stop();
    return ran_;
  }

  absl::Status Add(WorkerPool& part, char name) {
    return part.Run([this, name] { ran_ += name; });
  }

  std::string ran_;
  std::promise<void> begun_;
  std::promise<void> open_;
  std::shared_future<void> opened_ = open_.get_future().share();
  WorkerPool pool_{1, 16};
};

TEST_F(SharedPool, ServesItsUsersRoundRobin) {
  WorkerPool a(pool_, "a");
  WorkerPool b(pool_, "b");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(Add(a, 'a').ok());
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(Add(b, 'b').ok());
  EXPECT_EQ(RunAll(), "ababa");
}

TEST_F(SharedPool, HasRoomForTheNextUserWhateverOneTakes) {
  WorkerPool a(pool_, "a");
  WorkerPool b(pool_, "b");
  absl::Status refused;
  int taken = 0;
  while (refused.ok() && taken <= 16) {
    refused = Add(a, 'a');
    if (refused.ok()) ++taken;
  }
  EXPECT_EQ(taken, 8);
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()),
              HasSubstr("8 calls of a are waiting for a worker thread, and 8"));
  EXPECT_TRUE(Add(b, 'b').ok());
  EXPECT_EQ(RunAll(), "abaaaaaaa");
}

TEST_F(SharedPool, RunsWhatAPartLeftThatIsGone) {
  {
    WorkerPool a(pool_, "a");
    ASSERT_TRUE(Add(a, 'a').ok());
    const auto taken_back = a.Enqueue([this] { ran_ += 'x'; });
    ASSERT_TRUE(taken_back.ok());
    EXPECT_TRUE(a.TakeBack(*taken_back));
    EXPECT_FALSE(a.TakeBack(*taken_back));
  }
  EXPECT_EQ(RunAll(), "a");
}

TEST_F(SharedPool, StopGivesUpAtItsLimitAndMayBeCalledAgain) {
  EXPECT_FALSE(pool_.Stop(std::chrono::steady_clock::now() + std::chrono::milliseconds(1)));
  EXPECT_TRUE(absl::IsUnavailable(pool_.Run([] {})));
  EXPECT_EQ(RunAll(), "");
}

TEST(WorkerPool, OneUserLeavesThreadsToOthers) {
  WorkerPool pool(4, 100);
  WorkerPool a(pool, "a");
  WorkerPool b(pool, "b");
  std::promise<void> open;
  const std::shared_future<void> opened = open.get_future().share();
  std::promise<void> served;
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(a.Run([opened] { opened.wait(); }).ok());
  ASSERT_TRUE(b.Run([&served] { served.set_value(); }).ok());
  EXPECT_EQ(served.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
  open.set_value();
}

// Work that its user's share of the threads keeps waiting leaves idle ones to others.
TEST(WorkerPool, HasThreadsForTheNextUserHoweverShortItsQueue) {
  for (const std::size_t queue : {0, 1, 4}) {
    std::promise<void> open;
    const std::shared_future<void> opened = open.get_future().share();
    WorkerPool pool(16, queue);
    WorkerPool a(pool, "a");
    WorkerPool b(pool, "b");
    const auto hold = [&opened](WorkerPool& part) { return part.Run([opened] { opened.wait(); }); };
    const auto take = [&hold](WorkerPool& part) {
      std::size_t taken = 0;
      absl::Status status = hold(part);
      for (; status.ok() && taken < 100; status = hold(part)) ++taken;
      EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
      return std::pair(taken, std::string(status.message()));
    };
    const auto [of_a, why_a] = take(a);
    EXPECT_EQ(of_a, 12 + (queue + 1) / 2) << queue;  // Half of the queue, too.
    EXPECT_THAT(why_a,
                HasSubstr(queue == 4 ? "2 calls of a are waiting for a worker thread, and 2 of 4 "
                                       "places in the queue (queue_limit)"
                                     : "a has its share, 12 of 16 worker threads (threads)"));
    const auto [of_b, why_b] = take(b);
    EXPECT_GE(of_b, 4u) << queue << ": " << why_b;
    open.set_value();
  }
}

// However long the thread takes to wake up.
TEST(WorkerPool, IsBusyFromWhenItTakesWorkOn) {
  WorkerPool pool(1, 1);
  EXPECT_FALSE(pool.busy());
  for (int i = 0; i < 100; ++i) {
    std::promise<void> open;
    ASSERT_TRUE(pool.Run([&open] { open.get_future().wait(); }).ok());
    EXPECT_TRUE(pool.busy());
    open.set_value();
    while (pool.busy()) std::this_thread::yield();
  }
}

TEST(WorkerPool, WaitsForNothingWhereItsOwnWorkEndsIt) {
  std::promise<void> ran;
  std::promise<void> ended;
  auto pool = std::make_shared<WorkerPool>(1, 8);
  WorkerPool& whole = *pool;
  ASSERT_TRUE(whole
                  .Run([&, pool = std::move(pool)]() mutable {
                    EXPECT_TRUE(pool->Run([&ran] { ran.set_value(); }).ok());
                    EXPECT_FALSE(pool->Stop());
                    pool.reset();
                    ended.set_value();
                  })
                  .ok());
  ended.get_future().wait();
  EXPECT_EQ(ran.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

TEST_F(Async, AWorkerPoolWaitsForNothingWhereALoopEndsIt) {
  std::promise<void> open;
  std::promise<void> ran;
  auto pool = std::make_unique<WorkerPool>(1, 8);
  ASSERT_TRUE(pool->Run([opened = open.get_future().share()] { opened.wait(); }).ok());
  ASSERT_TRUE(pool->Run([&ran] { ran.set_value(); }).ok());
  OnLoop([&pool] {
    EXPECT_FALSE(pool->Stop());
    pool.reset();
  });
  open.set_value();
  EXPECT_EQ(ran.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

// It is not with the loop yet when the loop is to forget it.
TEST_F(Async, ATimerOfAnotherThreadIsCancelledHoweverNewItIs) {
  std::promise<void> fired;
  OnLoop([&] {
    Executor& executor = *Executor::Current();
    Executor::TimerId timer = 0;
    std::thread([&] {
      timer = executor.PostAt(std::chrono::steady_clock::now(), [&] { fired.set_value(); });
    }).join();
    executor.CancelTimer(timer);
  });
  for (int i = 0; i < 3; ++i) OnLoop([] {});  // It would have fired.
  EXPECT_NE(fired.get_future().wait_for(std::chrono::seconds(0)), std::future_status::ready);
}

TEST(WorkerPool, IsNotStoppedByAPart) {
  WorkerPool pool(1, 1);
  WorkerPool part(pool, "a");
  EXPECT_FALSE(part.Stop());
  EXPECT_TRUE(pool.Run([] {}).ok());
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
