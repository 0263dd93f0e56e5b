#include "piperpc/task_scope.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

#include "piperpc/async.h"
#include "piperpc/run_on.h"
#include "support/coroutines.h"
#include "support/eventually.h"
#include "support/loop_fixture.h"

namespace piperpc {
namespace {

using testing::Give;
using testing::Hold;
using testing::LetOthersRun;
using testing::Nothing;
using testing::Throw;

class TaskScopeOnLoop : public testing::LoopFixture {
 protected:
  // Waits until it is told to stop, and says so.
  auto Stoppable() {
    return [this](std::stop_token stop) -> Task<absl::Status> {
      AsyncEvent never;
      auto wait = never.Wait(stop);
      const bool set = co_await wait;
      if (!set) ++stopped_;
      co_return absl::CancelledError("told to stop");
    };
  }

  int stopped_ = 0;
};

TEST(TaskScope, JoinsAtOnceWhereNothingRuns) {
  TaskScope scope;
  EXPECT_TRUE(SyncWait(scope.Join()).ok());
  scope.Spawn(Nothing());
  EXPECT_TRUE(SyncWait(scope.Join()).ok());
}

TEST_F(TaskScopeOnLoop, RunsTasksBesideItsOwnerAndWaitsForAll) {
  std::string order;
  const auto says = [&order](char name) {
    return [&order, name]() -> Task<void> {
      order += name;
      co_await LetOthersRun();
      order += name;
    };
  };
  const auto owner = [&]() -> Task<absl::Status> {
    TaskScope scope;
    scope.Spawn(says('a'));
    scope.Spawn(says('b'));
    order += '-';
    absl::Status status = co_await scope.Join();
    order += '.';
    co_return status;
  };
  EXPECT_TRUE(Start(owner()).get().ok());
  EXPECT_EQ(order, "ab-ab.");
}

TEST_F(TaskScopeOnLoop, GivesTheFirstErrorAndTellsTheOthersToStop) {
  const auto fails = []() -> Task<absl::Status> {
    co_await LetOthersRun();
    co_return absl::DataLossError("first");
  };
  const auto owner = [&]() -> Task<absl::Status> {
    TaskScope scope;
    scope.Spawn(Stoppable());
    scope.Spawn(fails);
    scope.Spawn(Stoppable());
    absl::Status status = co_await scope.Join();
    co_return status;
  };
  EXPECT_EQ(Start(owner()).get(), absl::DataLossError("first"));
  EXPECT_EQ(stopped_, 2);
}

TEST_F(TaskScopeOnLoop, RethrowsWhatTheFirstTaskThrewThatFailed) {
  const auto owner = [&]() -> Task<absl::Status> {
    TaskScope scope;
    scope.Spawn(Stoppable());
    scope.Spawn(Throw("boom"));
    scope.Spawn(Throw("too late"));
    absl::Status status = co_await scope.Join();
    co_return status;
  };
  auto result = Start(owner());
  try {
    static_cast<void>(result.get());
    ADD_FAILURE() << "nothing was thrown";
  } catch (const std::runtime_error& error) {
    EXPECT_STREQ(error.what(), "boom");
  }
  EXPECT_EQ(stopped_, 1);
}

TEST_F(TaskScopeOnLoop, PassesAStopFromOutsideOnToItsTasks) {
  std::stop_source source;
  const auto owner = [&](std::stop_token stop) -> Task<absl::Status> {
    TaskScope scope(stop);
    scope.Spawn(Stoppable());
    absl::Status status = co_await scope.Join();
    co_return status;
  };
  auto result = Start(owner(source.get_token()));
  source.request_stop();
  EXPECT_TRUE(absl::IsCancelled(result.get()));
}

TEST_F(TaskScopeOnLoop, TellsItsTasksToStopWhenItsOwnerSaysSo) {
  const auto owner = [&]() -> Task<absl::Status> {
    TaskScope scope;
    scope.Spawn(Stoppable());
    scope.RequestStop();
    scope.Spawn(Stoppable());  // Begins, and sees it.
    absl::Status status = co_await scope.Join();
    co_return status;
  };
  EXPECT_TRUE(absl::IsCancelled(Start(owner()).get()));
  EXPECT_EQ(stopped_, 2);
}

TEST_F(TaskScopeOnLoop, WaitsForTasksThatItsTasksBegin) {
  int ended = 0;
  const auto grandchild = [&ended]() -> Task<void> {
    co_await LetOthersRun();
    ++ended;
  };
  const auto owner = [&]() -> Task<absl::Status> {
    TaskScope scope;
    const auto child = [&]() -> Task<void> {
      co_await LetOthersRun();
      scope.Spawn(grandchild);
      scope.Spawn(grandchild);
    };
    scope.Spawn(child);
    absl::Status status = co_await scope.Join();
    co_return status;
  };
  EXPECT_TRUE(Start(owner()).get().ok());
  EXPECT_EQ(ended, 2);
}

TEST_F(TaskScopeOnLoop, KeepsCallablesUntilTheirTasksHaveEndedAndNoLonger) {
  const auto held = std::make_shared<int>(7);
  int seen = 0;
  const auto owner = [&]() -> Task<long> {
    TaskScope scope;
    scope.Spawn([held, &seen]() -> Task<void> {
      co_await LetOthersRun();
      seen = *held;
    });
    co_await LetOthersRun();
    co_await LetOthersRun();
    co_return held.use_count();
  };
  EXPECT_EQ(Start(owner()).get(), 1);
  EXPECT_EQ(seen, 7);
}

TEST_F(TaskScopeOnLoop, DestroysTasksWhereTheyWaitWhenItsOwnerIsDestroyed) {
  const auto held = std::make_shared<int>();
  AsyncEvent event;
  AsyncEvent other;
  const auto owner = [&]() -> Task<absl::Status> {
    TaskScope scope;
    scope.Spawn(Hold(held, event));
    scope.Spawn(Hold(held, other));
    absl::Status status = co_await scope.Join();
    co_return status;
  };
  auto result = Start(owner());
  OnLoop([&] {
    event.Set();  // Is on its way when the frames go.
    kept_.clear();
  });
  EXPECT_THROW(static_cast<void>(result.get()), std::future_error);
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(TaskScopeOnLoop, TellsTasksToStopWhenItsOwnerEndsWithoutThem) {
  std::optional<bool> told;
  const auto owner = [&]() -> Task<void> {
    TaskScope scope;
    const auto child = [&](std::stop_token stop) -> Task<void> {
      struct AtTheEnd {
        ~AtTheEnd() { told = stop.stop_requested(); }
        std::stop_token stop;
        std::optional<bool>& told;
      };
      const AtTheEnd at_the_end{stop, told};
      AsyncEvent never;
      auto wait = never.Wait();
      co_await wait;
    };
    scope.Spawn(child);
    co_return;
  };
  Start(owner()).get();
  EXPECT_EQ(told, true);
}

TEST_F(TaskScopeOnLoop, RunsTasksOfOrdinaryCodeOnAnExecutor) {
  TaskScope scope;
  bool on_loop = false;
  scope.Spawn(RunOn(loop_.executor().handle(), [&]() -> Task<void> {
    co_await LetOthersRun();
    on_loop = Executor::Current() == &loop_.executor();
  }));
  EXPECT_TRUE(SyncWait(scope.Join()).ok());
  EXPECT_TRUE(on_loop);
}

TEST_F(TaskScopeOnLoop, BearsManyTasksWithoutGrowingTheStack) {
  int ended = 0;
  const auto owner = [&]() -> Task<absl::Status> {
    TaskScope scope;
    for (int i = 0; i < 20'000; ++i) {
      scope.Spawn(i % 2 == 0 ? Nothing() : LetOthersRun());
      const auto counts = [&ended]() -> Task<void> {
        co_await LetOthersRun();
        ++ended;
      };
      scope.Spawn(counts);
    }
    absl::Status status = co_await scope.Join();
    co_return status;
  };
  EXPECT_TRUE(Start(owner()).get().ok());
  EXPECT_EQ(ended, 20'000);
}

// Without an executor the tasks end on the pool's threads, while the owner joins.
TEST(TaskScope, BearsTasksThatEndAtTheSameMomentOnOtherThreads) {
  WorkerPool pool(3, 3);
  const auto rounds = [&]() -> Task<int> {
    int failed = 0;
    for (int i = 0; i < 2'000; ++i) {
      TaskScope scope;
      for (int j = 0; j < 3; ++j) scope.Spawn(RunBlocking(pool, [] { return absl::OkStatus(); }));
      const absl::Status status = co_await scope.Join();
      if (!status.ok()) ++failed;
    }
    co_return failed;
  };
  EXPECT_EQ(SyncWait(rounds()), 0);
  pool.Stop();
}

TEST(TaskScope, BearsAFailureWhileOthersEndOnOtherThreads) {
  WorkerPool pool(3, 3);
  const auto rounds = [&]() -> Task<int> {
    int lost = 0;
    for (int i = 0; i < 1'000; ++i) {
      TaskScope scope;
      for (const bool fails : {false, true, false}) {
        scope.Spawn(RunBlocking(
            pool, [fails] { return fails ? absl::DataLossError("lost") : absl::OkStatus(); }));
      }
      const absl::Status status = co_await scope.Join();
      if (absl::IsDataLoss(status)) ++lost;
    }
    co_return lost;
  };
  EXPECT_EQ(SyncWait(rounds()), 1'000);
  pool.Stop();
}

}  // namespace
}  // namespace piperpc
