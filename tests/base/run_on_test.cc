#include "piperpc/run_on.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include "piperpc/async.h"
#include "support/coroutines.h"
#include "support/eventually.h"
#include "support/loop_fixture.h"

namespace piperpc {
namespace {

using testing::Give;
using testing::kAwaitedByNameOnly;
using testing::LetOthersRun;
using testing::Nothing;
using testing::Throw;

// A second loop.
class RunOnLoop : public testing::LoopFixture {
 protected:
  RunOnLoop() : other_(*(*transport::SystemTransport("auto"))->NewLoop()) {
    EXPECT_TRUE(other_.Start().ok());
  }

  Executor::Handle other() { return other_.executor().handle(); }
  bool OnOther() { return Executor::Current() == &other_.executor(); }

  // All that was posted before has run.
  void DrainOther() {
    std::promise<void> done;
    other_.loop().Post([&] { done.set_value(); });
    done.get_future().wait();
  }

  connection::LoopThread other_;
};

TEST_F(RunOnLoop, RunsOnTheExecutorAndComesBack) {
  const auto task = [&]() -> Task<std::string> {
    const auto where = [&]() -> Task<std::string> {
      bool there = OnOther();
      co_await LetOthersRun();
      there = there && OnOther();
      co_return there ? "there" : "elsewhere";
    };
    std::string seen = co_await RunOn(other(), where);
    seen += Executor::Current() == &loop_.executor() ? ", and back" : ", and not back";
    co_return seen;
  };
  EXPECT_EQ(Start(task()).get(), "there, and back");
}

TEST_F(RunOnLoop, IsCalledFromAnyThread) {
  const auto where = [&]() -> Task<bool> {
    const bool there = OnOther();
    co_return there;
  };
  EXPECT_TRUE(SyncWait(RunOn(other(), where)));
  EXPECT_EQ(SyncWait(RunOn(other(), Give(3))), 3);
  SyncWait(RunOn(other(), Nothing()));
}

TEST_F(RunOnLoop, ThrowsWhatTheChildThrows) {
  EXPECT_THROW(Start(RunOn(other(), Throw("inside"))).get(), std::runtime_error);
  const auto throws = []() -> Task<void> { throw std::logic_error("no coroutine"); };
  EXPECT_THROW(Start(RunOn(other(), throws)).get(), std::logic_error);
}

TEST_F(RunOnLoop, RunsInPlaceWhereThereIsNoExecutor) {
  EXPECT_EQ(SyncWait(RunOn(Executor::Handle(), Give(1))), 1);
  const Executor::Handle ended = other();
  other_.Stop();
  std::optional<connection::LoopThread> gone(*(*transport::SystemTransport("auto"))->NewLoop());
  const Executor::Handle without = gone->executor().handle();
  gone.reset();
  EXPECT_EQ(SyncWait(RunOn(without, Give(2))), 2);
}

// Says on which thread it goes.
class Tracked {
 public:
  explicit Tracked(std::promise<std::thread::id>& gone)
      : gone_(&gone, [](std::promise<std::thread::id>* promise) {
          promise->set_value(std::this_thread::get_id());
        }) {}

 private:
  std::shared_ptr<std::promise<std::thread::id>> gone_;
};

TEST_F(RunOnLoop, DestroysTheChildOnItsExecutorWhenTheAwaitingFrameIsDestroyed) {
  std::promise<std::thread::id> gone;
  std::promise<std::thread::id> thread;
  AsyncEvent never;
  std::optional<Tracked> tracked(gone);
  auto child = [&thread, &never, held = *tracked]() -> Task<void> {
    thread.set_value(std::this_thread::get_id());
    auto wait = never.Wait();
    co_await wait;
  };
  tracked.reset();
  auto result = Start(RunOn(other(), std::move(child)));
  const std::thread::id runs_on = thread.get_future().get();
  DestroyFrames();
  EXPECT_THROW(result.get(), std::future_error);
  EXPECT_EQ(gone.get_future().get(), runs_on);
}

TEST_F(RunOnLoop, DoesNotBeginWhenTheAwaitingFrameIsDestroyedBefore) {
  std::promise<void> release;
  other_.loop().Post([&] { release.get_future().wait(); });
  bool ran = false;
  const auto child = [&]() -> Task<void> {
    ran = true;
    co_return;
  };
  auto result = Start(RunOn(other(), child));
  DestroyFrames();
  release.set_value();
  DrainOther();
  EXPECT_FALSE(ran);
}

TEST_F(RunOnLoop, IsAwaitedInOneStepOnlyWhereThatIsSafe) {
  const auto held = std::make_shared<int>();
  const auto simple = [] { return Nothing(); };
  const auto owning = [held] { return Nothing(); };
  EXPECT_FALSE(kAwaitedByNameOnly<decltype(RunOn(other(), simple))>);
  EXPECT_EQ(kAwaitedByNameOnly<decltype(RunOn(other(), owning))>,
            internal::kTemporariesAreDestroyedTwice);
}

// The awaiting frame goes while the child begins, runs, or ends on the other loop.
TEST_F(RunOnLoop, BearsThatTheAwaitingFrameIsDestroyedAtAnyMoment) {
  const auto held = std::make_shared<int>();
  std::atomic<int> ended = 0;
  for (int i = 0; i < 1'000; ++i) {
    auto child = [&ended, held]() -> Task<void> {
      co_await LetOthersRun();
      ++ended;
    };
    auto task = RunOn(other(), std::move(child));
    auto result = Start(std::move(task));
    if (i % 2 == 0) std::this_thread::yield();
    DestroyFrames();
  }
  EXPECT_TRUE(testing::Eventually([&] { return held.use_count() == 1; }));
}

}  // namespace
}  // namespace piperpc
