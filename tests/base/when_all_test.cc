#include "piperpc/when_all.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "piperpc/async.h"
#include "support/coroutines.h"
#include "support/eventually.h"
#include "support/loop_fixture.h"

namespace piperpc {
namespace {

using testing::Give;
using testing::Hold;
using testing::kAwaitedByNameOnly;
using testing::LetOthersRun;
using testing::Nothing;
using testing::Throw;
using testing::WaitFor;

class WhenAllOnLoop : public testing::LoopFixture {};

TEST(WhenAll, GivesTheResultsInTheOrderOfTheChildren) {
  const std::tuple<int, std::string, std::monostate> results =
      SyncWait(WhenAll(Give(1), Give(std::string("two")), Nothing()));
  EXPECT_EQ(std::get<0>(results), 1);
  EXPECT_EQ(std::get<1>(results), "two");
}

TEST(WhenAll, GivesAVectorForAVectorOfChildren) {
  std::vector<Task<int>> children;
  for (int i = 0; i < 3; ++i) children.push_back(Give(i));
  EXPECT_EQ(SyncWait(WhenAll(std::move(children))), (std::vector<int>{0, 1, 2}));
  EXPECT_TRUE(SyncWait(WhenAll(std::vector<Task<int>>())).empty());
}

TEST(WhenAll, GivesNothingForAVectorOfChildrenThatReturnNothing) {
  int ended = 0;
  std::vector<std::function<Task<void>()>> children(3, [&]() -> Task<void> {
    ++ended;
    co_return;
  });
  auto all = WhenAll(std::move(children));
  static_assert(std::is_same_v<decltype(all), Task<void>>);
  SyncWait(std::move(all));
  EXPECT_EQ(ended, 3);
}

TEST(WhenAll, MovesResultsThatCannotBeCopied) {
  auto [one, two] = SyncWait(WhenAll(Give(std::make_unique<int>(1)), Give(2)));
  EXPECT_EQ(*one, 1);
  EXPECT_EQ(two, 2);
}

TEST(WhenAll, ThrowsWhatACallableThrowsBeforeAnyChildHasBegun) {
  bool begun = false;
  const auto first = [&]() -> Task<void> {
    begun = true;
    co_return;
  };
  const auto second = []() -> Task<void> { throw std::runtime_error("no coroutine"); };
  EXPECT_THROW(SyncWait(WhenAll(first, second)), std::runtime_error);
  EXPECT_FALSE(begun);
}

TEST(WhenAll, DoesNotBeginTheRestOnceAChildHasThrown) {
  bool begun = false;
  const auto last = [&]() -> Task<void> {
    begun = true;
    co_return;
  };
  EXPECT_THROW(SyncWait(WhenAll(Nothing(), Throw("first"), last)), std::runtime_error);
  EXPECT_FALSE(begun);
}

// Each of them ends only when the other one has gone on.
TEST_F(WhenAllOnLoop, RunsChildrenSideBySide) {
  AsyncEvent ping;
  AsyncEvent pong;
  const auto first = [&]() -> Task<bool> {
    ping.Set();
    auto wait = pong.Wait();
    const bool set = co_await wait;
    co_return set;
  };
  const auto second = [&]() -> Task<bool> {
    auto wait = ping.Wait();
    const bool set = co_await wait;
    pong.Set();
    co_return set;
  };
  EXPECT_EQ(Start(WhenAll(first, second)).get(), std::tuple(true, true));
}

TEST_F(WhenAllOnLoop, WaitsForAllWhenOneThrowsAndTellsTheOthersToStop) {
  bool stopped = false;
  const auto waits = [&](std::stop_token stop) -> Task<void> {
    AsyncEvent never;
    auto wait = never.Wait(stop);
    const bool set = co_await wait;
    co_await LetOthersRun();
    stopped = !set;
  };
  const auto throws = []() -> Task<int> {
    co_await LetOthersRun();
    throw std::runtime_error("first");
  };
  const auto throws_later = [](std::stop_token stop) -> Task<int> {
    AsyncEvent never;
    auto wait = never.Wait(stop);
    co_await wait;
    throw std::logic_error("second");
  };
  auto result = Start(WhenAll(throws_later, waits, throws));
  EXPECT_THROW(result.get(), std::runtime_error);
  EXPECT_TRUE(stopped);
}

TEST_F(WhenAllOnLoop, PassesAStopFromOutsideOnToTheChildren) {
  AsyncEvent never;
  const auto waits = [&](std::stop_token stop) { return WaitFor(never, stop); };
  AsyncEvent too;
  const auto waits_too = [&](std::stop_token stop) { return WaitFor(too, stop); };
  std::stop_source source;
  auto result = Start(WhenAll(source.get_token(), waits, waits_too, Give(1)));
  source.request_stop();
  EXPECT_EQ(result.get(), std::tuple(false, false, 1));
}

TEST_F(WhenAllOnLoop, KeepsCallablesUntilTheirTasksHaveEnded) {
  const auto held = std::make_shared<int>(7);
  AsyncEvent event;
  const auto uses = [&event](std::shared_ptr<int> its) {
    return [&event, its]() -> Task<int> {
      auto wait = event.Wait();
      co_await wait;
      co_return *its;
    };
  };
  auto result = Start(WhenAll(uses(held), Nothing()));
  event.Set();
  EXPECT_EQ(std::get<0>(result.get()), 7);
  DestroyFrames();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(WhenAllOnLoop, DestroysTheChildrenWhereTheyWait) {
  const auto held = std::make_shared<int>();
  AsyncEvent event;
  AsyncEvent other;
  auto result = Start(WhenAll(Hold(held, event), Hold(held, other), Nothing()));
  OnLoop([&] {
    event.Set();  // Is on its way when the frames go.
    kept_.clear();
  });
  EXPECT_THROW(result.get(), std::future_error);
  EXPECT_EQ(held.use_count(), 1);
}

// With g++ 12 as well: tasks may be made where WhenAll() is awaited.
TEST_F(WhenAllOnLoop, DestroysWhatItsChildrenHoldOnce) {
  const auto held = std::make_shared<int>();
  AsyncEvent event;
  event.Set();
  const auto awaits = [&]() -> Task<void> {
    co_await WhenAll(Hold(held, event), Give(held), Nothing());
  };
  Start(awaits()).get();
  DestroyFrames();
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(WhenAllOnLoop, IsAwaitedInOneStepOnlyWhereThatIsSafe) {
  const auto held = std::make_shared<int>();
  const auto simple = [] { return Nothing(); };
  const auto owning = [held] { return Nothing(); };
  using OfTasks = decltype(WhenAll(Nothing(), Give(1)));
  using OfSimple = decltype(WhenAll(simple, Nothing()));
  using OfOwning = decltype(WhenAll(Nothing(), owning));
  EXPECT_FALSE(kAwaitedByNameOnly<OfTasks>);
  EXPECT_FALSE(kAwaitedByNameOnly<OfSimple>);
  EXPECT_EQ(kAwaitedByNameOnly<OfOwning>, internal::kTemporariesAreDestroyedTwice);
}

// The stack of a thread is some megabytes: less than 80 bytes for each of these.
TEST(WhenAll, OfChildrenThatEndAtOnceDoesNotGrowTheStackInALoop) {
  const auto often = []() -> Task<int> {
    int sum = 0;
    for (int i = 0; i < 100'000; ++i) {
      const std::tuple<int, int> two = co_await WhenAll(Give(1), Give(2));
      sum += std::get<0>(two) + std::get<1>(two);
    }
    co_return sum;
  };
  EXPECT_EQ(SyncWait(often()), 300'000);
}

TEST_F(WhenAllOnLoop, OfChildrenThatWaitDoesNotGrowTheStackInALoop) {
  const auto often = []() -> Task<int> {
    int rounds = 0;
    for (; rounds < 20'000; ++rounds) co_await WhenAll(LetOthersRun(), Nothing(), LetOthersRun());
    co_return rounds;
  };
  EXPECT_EQ(Start(often()).get(), 20'000);
}

TEST_F(WhenAllOnLoop, RunsManyChildren) {
  std::vector<Task<void>> children;
  for (int i = 0; i < 20'000; ++i) children.push_back(i % 2 == 0 ? Nothing() : LetOthersRun());
  auto ended = Start(WhenAll(std::move(children)));
  EXPECT_TRUE(testing::Arrives(ended));
}

// Without an executor the children end on the pool's threads, often at the same moment.
TEST(WhenAll, BearsChildrenThatEndAtTheSameMomentOnOtherThreads) {
  WorkerPool pool(3, 3);
  int work = 0;
  const auto rounds = [&]() -> Task<int> {
    int failed = 0;
    for (int i = 0; i < 2'000; ++i) {
      const auto blocks = [&pool] { return RunBlocking(pool, [] { return absl::OkStatus(); }); };
      const auto all = co_await WhenAll(blocks, blocks, blocks);
      failed += std::get<0>(all).ok() && std::get<1>(all).ok() && std::get<2>(all).ok() ? 0 : 1;
      ++work;  // Not atomic: nobody else runs now.
    }
    co_return failed;
  };
  EXPECT_EQ(SyncWait(rounds()), 0);
  EXPECT_EQ(work, 2'000);
  pool.Stop();
}

// The same with a throw, which tells the others to stop while they end.
TEST(WhenAll, BearsAThrowWhileOthersEndOnOtherThreads) {
  WorkerPool pool(3, 3);
  const auto rounds = [&]() -> Task<int> {
    int thrown = 0;
    for (int i = 0; i < 1'000; ++i) {
      const auto ends = [&pool](std::stop_token stop) {
        return RunBlocking(
            pool, [] { return absl::OkStatus(); }, stop);
      };
      const auto throws = [&pool](std::stop_token stop) {
        return RunBlocking(
            pool, []() -> absl::Status { throw std::runtime_error("one"); }, stop);
      };
      try {
        co_await WhenAll(ends, throws, ends);
      } catch (const std::runtime_error&) {
        ++thrown;
      }
    }
    co_return thrown;
  };
  EXPECT_EQ(SyncWait(rounds()), 1'000);
  pool.Stop();
}

}  // namespace
}  // namespace piperpc
