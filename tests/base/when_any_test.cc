#include "piperpc/when_any.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
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
using testing::WaitFor;

class WhenAnyOnLoop : public testing::LoopFixture {
 protected:
  // Waits until it is told to stop.
  auto Waiting(AsyncEvent& never) {
    return [&never](std::stop_token stop) { return WaitFor(never, stop); };
  }
};

TEST_F(WhenAnyOnLoop, GivesTheResultOfTheChildThatEndsFirst) {
  AsyncEvent never;
  const auto ends = [](std::stop_token) -> Task<std::string> {
    co_await LetOthersRun();
    co_return "done";
  };
  const std::variant<bool, std::string> first = Start(WhenAny(Waiting(never), ends)).get();
  ASSERT_EQ(first.index(), 1u);
  EXPECT_EQ(std::get<1>(first), "done");
}

TEST_F(WhenAnyOnLoop, WaitsForTheOthersWhichItHasToldToStop) {
  AsyncEvent never;
  bool stopped = false;
  const auto slow = [&](std::stop_token stop) -> Task<void> {
    auto wait = never.Wait(stop);
    const bool set = co_await wait;
    co_await LetOthersRun();
    stopped = !set;
  };
  const auto ends = [](std::stop_token) { return LetOthersRun(); };
  EXPECT_EQ(Start(WhenAny(slow, ends)).get().index(), 1u);
  EXPECT_TRUE(stopped);
}

TEST_F(WhenAnyOnLoop, DoesNotBeginTheRestOnceAChildHasEnded) {
  bool begun = false;
  const auto rest = [&](std::stop_token) -> Task<void> {
    begun = true;
    co_return;
  };
  EXPECT_EQ(Start(WhenAny([](std::stop_token) { return Nothing(); }, rest)).get().index(), 0u);
  EXPECT_FALSE(begun);
}

TEST_F(WhenAnyOnLoop, ThrowsWhatTheFirstOneThrewAndDropsWhatTheOthersDo) {
  AsyncEvent never;
  const auto throws = [](std::stop_token) -> Task<int> {
    co_await LetOthersRun();
    throw std::runtime_error("first");
  };
  const auto throws_later = [&](std::stop_token stop) -> Task<int> {
    auto wait = never.Wait(stop);
    co_await wait;
    throw std::logic_error("second");
  };
  auto result = Start(WhenAny(throws_later, throws));
  EXPECT_THROW(result.get(), std::runtime_error);
  const auto ends = [](std::stop_token) { return LetOthersRun(); };
  EXPECT_EQ(Start(WhenAny(throws_later, ends)).get().index(), 1u);
}

TEST_F(WhenAnyOnLoop, PassesAStopFromOutsideOnToTheChildren) {
  AsyncEvent never;
  AsyncEvent too;
  std::stop_source source;
  auto result = Start(WhenAny(source.get_token(), Waiting(never), Waiting(too)));
  source.request_stop();
  EXPECT_FALSE(std::visit([](bool set) { return set; }, result.get()));
}

TEST_F(WhenAnyOnLoop, TellsWhichOneOfAVectorEndedFirst) {
  std::vector<AsyncEvent> events(3);
  std::vector<std::function<Task<bool>(std::stop_token)>> children;
  for (AsyncEvent& event : events) children.emplace_back(Waiting(event));
  auto result = Start(WhenAny(std::move(children)));
  events[1].Set();
  const FirstResult<bool> first = result.get();
  EXPECT_EQ(first.index, 1u);
  EXPECT_TRUE(first.value);
}

TEST(WhenAny, OfNoChildrenIsRefused) {
  std::vector<std::function<Task<void>(std::stop_token)>> none;
  EXPECT_THROW(SyncWait(WhenAny(std::move(none))), std::logic_error);
}

TEST_F(WhenAnyOnLoop, DestroysTheChildrenWhereTheyWait) {
  const auto held = std::make_shared<int>();
  AsyncEvent event;
  AsyncEvent other;
  const auto holds = [&held](AsyncEvent& its) {
    return [&held, &its](std::stop_token) { return Hold(held, its); };
  };
  auto result = Start(WhenAny(holds(event), holds(other)));
  OnLoop([&] {
    event.Set();  // Is on its way when the frames go.
    kept_.clear();
  });
  EXPECT_THROW(result.get(), std::future_error);
  EXPECT_EQ(held.use_count(), 1);
}

TEST_F(WhenAnyOnLoop, IsAwaitedInOneStepOnlyWhereThatIsSafe) {
  const auto held = std::make_shared<int>();
  const auto simple = [](std::stop_token) { return Nothing(); };
  const auto owning = [held](std::stop_token) { return Nothing(); };
  EXPECT_FALSE(kAwaitedByNameOnly<decltype(WhenAny(simple, simple))>);
  EXPECT_EQ(kAwaitedByNameOnly<decltype(WhenAny(simple, owning))>,
            internal::kTemporariesAreDestroyedTwice);
}

TEST_F(WhenAnyOnLoop, DoesNotGrowTheStackInALoop) {
  const auto often = []() -> Task<int> {
    int rounds = 0;
    const auto ends = [](std::stop_token) { return LetOthersRun(); };
    for (; rounds < 20'000; ++rounds) co_await WhenAny(ends, ends);
    co_return rounds;
  };
  EXPECT_EQ(Start(often()).get(), 20'000);
}

// Without an executor the children end on the pool's threads, where each may be the first, and may
// be told to stop before it begins, while it runs, and after its end.
TEST(WhenAny, BearsChildrenThatEndAtTheSameMomentOnOtherThreads) {
  WorkerPool pool(3, 3);
  const auto rounds = [&]() -> Task<int> {
    int failed = 0;
    const auto blocks = [&pool](std::stop_token stop) {
      return RunBlocking(
          pool, [] { return absl::OkStatus(); }, stop);
    };
    for (int i = 0; i < 2'000; ++i) {
      const auto first = co_await WhenAny(blocks, blocks, blocks);
      const absl::Status status = std::visit([](const absl::Status& its) { return its; }, first);
      if (!status.ok()) ++failed;
    }
    co_return failed;
  };
  EXPECT_EQ(SyncWait(rounds()), 0);
  pool.Stop();
}

// A stop from outside that meets the end of the children.
TEST(WhenAny, BearsAStopWhileChildrenEndOnOtherThreads) {
  WorkerPool pool(2, 2);
  WorkerPool stoppers(1, 1);
  int rounds = 0;
  for (; rounds < 1'000; ++rounds) {
    std::stop_source source;
    const auto blocks = [&pool](std::stop_token stop) {
      return RunBlocking(
          pool, [] { return absl::OkStatus(); }, stop);
    };
    while (!stoppers.Run([source]() mutable { source.request_stop(); }).ok()) continue;
    static_cast<void>(SyncWait(WhenAny(source.get_token(), blocks, blocks)));
  }
  EXPECT_EQ(rounds, 1'000);
  pool.Stop();
  stoppers.Stop();
}

}  // namespace
}  // namespace piperpc
