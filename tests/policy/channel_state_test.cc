// The state of a channel, and who is told of it.
#include "piperpc/channel_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "piperpc/async.h"
#include "piperpc/raw_client.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"
#include "policy/flaky_service.h"
#include "support/eventually.h"

namespace piperpc::testing {
namespace {

using absl::StatusCode;
using std::chrono::hours;
using std::chrono::milliseconds;
using ::testing::AnyOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// What a callback was told.
class States {
 public:
  StateCallback Callback() {
    return [this](const ChannelStatus& status) {
      const std::lock_guard lock(mutex_);
      told_.push_back(status);
      on_loop_ = Executor::Current() != nullptr;
    };
  }
  std::vector<ChannelState> told() {
    const std::lock_guard lock(mutex_);
    std::vector<ChannelState> states;
    for (const ChannelStatus& status : told_) states.push_back(status.state);
    return states;
  }
  ChannelStatus last() {
    const std::lock_guard lock(mutex_);
    return told_.empty() ? ChannelStatus() : told_.back();
  }
  bool on_loop() {
    const std::lock_guard lock(mutex_);
    return on_loop_;
  }
  bool Reaches(ChannelState state) {
    return Eventually([&] {
      const std::vector<ChannelState> states = told();
      return !states.empty() && states.back() == state;
    });
  }

 private:
  std::mutex mutex_;
  std::vector<ChannelStatus> told_;
  bool on_loop_ = false;
};

class ChannelStateTest : public ::testing::Test {
 protected:
  absl::Status Call() {
    return RawClient(channel_).Unary("shapes.v1.Raw/Unary", RawMessage{"x"}).status();
  }
  ChannelState state() const { return channel_->state().state; }

  FlakyService flaky_;
  InProcessServer server_{flaky_.service()};
  std::shared_ptr<Channel> channel_ = server_.NewChannel();
  States states_;
};

TEST_F(ChannelStateTest, IsIdleUntilACallConnects) {
  EXPECT_EQ(state(), ChannelState::kIdle);
  EXPECT_THAT(Call(), IsOk());
  EXPECT_EQ(state(), ChannelState::kReady);
  EXPECT_THAT(channel_->state().reason, IsOk());
}

TEST_F(ChannelStateTest, ToAskDoesNotConnect) {
  EXPECT_EQ(state(), ChannelState::kIdle);
  EXPECT_THAT(channel_->WaitForStateChange(ChannelState::kIdle, milliseconds(1)),
              StatusIs(StatusCode::kDeadlineExceeded, HasSubstr("\"idle\"")));
  EXPECT_EQ(server_.faults().connects(), 0u);
}

TEST_F(ChannelStateTest, TellsWhyItCannotConnect) {
  server_.faults().Refuse(absl::UnavailableError("no server"));
  EXPECT_THAT(Call(), StatusIs(StatusCode::kUnavailable));
  EXPECT_EQ(state(), ChannelState::kTransientFailure);
  EXPECT_THAT(channel_->state().reason, StatusIs(StatusCode::kUnavailable, "no server"));
  server_.faults().Heal();
  EXPECT_THAT(Call(), IsOk());
  EXPECT_EQ(state(), ChannelState::kReady);
}

TEST_F(ChannelStateTest, TellsWhyTheConnectionWasLost) {
  ASSERT_THAT(Call(), IsOk());
  server_.faults().Cut(FaultInjector::From::kServer);
  EXPECT_THAT(Call(), StatusIs(StatusCode::kUnavailable));
  EXPECT_EQ(state(), ChannelState::kTransientFailure);
  EXPECT_THAT(channel_->state().reason, StatusIs(StatusCode::kUnavailable, HasSubstr("was lost")));
}

TEST_F(ChannelStateTest, IsIdleAgainWhenTheServerGoesAway) {
  auto stream = RawClient(channel_).ServerStreaming("shapes.v1.Raw/Down", RawMessage{"x"});
  ASSERT_TRUE(stream.Next().has_value());
  auto watch = channel_->WatchState(states_.Callback());
  ASSERT_TRUE(states_.Reaches(ChannelState::kReady));
  auto held = RawClient(channel_).Bidirectional("shapes.v1.Raw/Hold");
  ASSERT_TRUE(flaky_.runs.WaitFor(2));
  auto shutdown = std::async(std::launch::async,
                             [this] { server_.server().Shutdown(std::chrono::minutes(1)); });
  EXPECT_TRUE(states_.Reaches(ChannelState::kIdle));
  held.WritesDone();
  EXPECT_TRUE(Arrives(shutdown));
}

TEST_F(ChannelStateTest, IsClosedForEver) {
  ASSERT_THAT(Call(), IsOk());
  channel_->Close();
  EXPECT_EQ(state(), ChannelState::kClosed);
  EXPECT_THAT(channel_->state().reason, StatusIs(StatusCode::kFailedPrecondition));
  EXPECT_FALSE(Call().ok());
  EXPECT_EQ(state(), ChannelState::kClosed);
}

TEST_F(ChannelStateTest, WithOptionsThatAreNotValidItIsClosedFromTheBeginning) {
  const auto channel = Connect("demo", {.max_packet_bytes = 1});
  EXPECT_EQ(channel->state().state, ChannelState::kClosed);
  EXPECT_THAT(channel->state().reason,
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("max_packet_bytes")));
}

// --- A callback. ---

TEST_F(ChannelStateTest, ACallbackIsToldOfTheStateOfNowAndOfEachThatComes) {
  const auto watch = channel_->WatchState(states_.Callback());
  ASSERT_TRUE(states_.Reaches(ChannelState::kIdle));
  ASSERT_THAT(Call(), IsOk());
  ASSERT_TRUE(states_.Reaches(ChannelState::kReady));
  EXPECT_TRUE(states_.on_loop());
  server_.faults().Cut(FaultInjector::From::kServer);
  EXPECT_THAT(Call(), StatusIs(StatusCode::kUnavailable));
  ASSERT_TRUE(states_.Reaches(ChannelState::kTransientFailure));
  EXPECT_THAT(states_.last().reason, StatusIs(StatusCode::kUnavailable));
  channel_->Close();
  ASSERT_TRUE(states_.Reaches(ChannelState::kClosed));
}

TEST_F(ChannelStateTest, ACallbackIsToldOfTheEndOfTheChannel) {
  const auto watch = channel_->WatchState(states_.Callback());
  ASSERT_THAT(Call(), IsOk());
  channel_.reset();
  EXPECT_TRUE(states_.Reaches(ChannelState::kClosed));
}

TEST_F(ChannelStateTest, AWatchThatHasStoppedIsToldNothing) {
  auto watch = channel_->WatchState(states_.Callback());
  ASSERT_TRUE(states_.Reaches(ChannelState::kIdle));
  watch.Stop();
  watch.Stop();
  ASSERT_THAT(Call(), IsOk());
  States others;
  const auto other = channel_->WatchState(others.Callback());
  ASSERT_TRUE(others.Reaches(ChannelState::kReady));
  EXPECT_THAT(states_.told(), ElementsAre(ChannelState::kIdle));
}

TEST_F(ChannelStateTest, TheCallbackGoesAwayWithTheWatch) {
  const auto owned = std::make_shared<int>();
  {
    const auto watch =
        channel_->WatchState([owned, callback = states_.Callback()](
                                 const ChannelStatus& status) mutable { callback(status); });
    ASSERT_TRUE(states_.Reaches(ChannelState::kIdle));
    EXPECT_EQ(owned.use_count(), 2);
  }
  EXPECT_EQ(owned.use_count(), 1);
}

TEST_F(ChannelStateTest, AWatchMayStopWithinItsCallback) {
  const auto owned = std::make_shared<int>();
  StateWatch watch;
  std::promise<void> watching;
  std::promise<void> stopped;
  watch = channel_->WatchState(
      [owned, &watch, &stopped, begin = watching.get_future().share()](const ChannelStatus&) {
        begin.wait();
        watch.Stop();
        stopped.set_value();
      });
  watching.set_value();
  ASSERT_TRUE(Arrives(stopped.get_future()));
  ASSERT_THAT(Call(), IsOk());  // It would be told of this, and set the promise twice.
  EXPECT_TRUE(Eventually([&] { return owned.use_count() == 1; }));
}

TEST_F(ChannelStateTest, ToStopWaitsForACallbackThatRuns) {
  std::promise<void> entered;
  std::promise<void> leave;
  std::atomic<bool> left = false;
  auto watch = std::make_unique<StateWatch>(
      channel_->WatchState([&, may_leave = leave.get_future().share()](const ChannelStatus&) {
        entered.set_value();
        may_leave.wait();
        left = true;
      }));
  ASSERT_TRUE(Arrives(entered.get_future()));
  auto stopped = std::async(std::launch::async, [&] {
    watch.reset();
    return left.load();
  });
  leave.set_value();
  ASSERT_TRUE(Arrives(stopped));
  EXPECT_TRUE(stopped.get());
}

TEST_F(ChannelStateTest, ACallbackMayUseTheChannel) {
  std::promise<ChannelState> seen;
  std::promise<absl::Status> called;
  std::atomic<bool> first = true;
  const auto watch = channel_->WatchState([&](const ChannelStatus&) {
    if (!first.exchange(false)) return;
    seen.set_value(channel_->state().state);
    RawClient(channel_).UnaryAsync(
        "shapes.v1.Raw/Unary", RawMessage{"x"}, {},
        [&](absl::StatusOr<RawMessage> reply) { called.set_value(std::move(reply).status()); });
  });
  auto end = called.get_future();
  ASSERT_TRUE(Arrives(end));
  EXPECT_THAT(end.get(), IsOk());
  EXPECT_EQ(seen.get_future().get(), ChannelState::kIdle);
}

TEST_F(ChannelStateTest, ACallbackThatThrowsIsToldOn) {
  std::mutex mutex;
  std::vector<std::string> logged;
  const auto log = [&](const LogRecord& record) {
    const std::lock_guard lock(mutex);
    logged.emplace_back(record.event);
  };
  channel_ = server_.NewChannel({.log = log});
  auto callback = states_.Callback();
  const auto watch = channel_->WatchState([&](const ChannelStatus& status) {
    callback(status);
    throw std::runtime_error("a bad day");
  });
  ASSERT_THAT(Call(), IsOk());
  EXPECT_TRUE(states_.Reaches(ChannelState::kReady));
  EXPECT_TRUE(Eventually([&] {
    const std::lock_guard lock(mutex);
    return std::count(logged.begin(), logged.end(), "callback threw") >= 1;
  }));
  channel_->Close();  // The log is this function's.
}

TEST_F(ChannelStateTest, AfterTheEndAWatchIsToldOfIt) {
  channel_->Close();
  const auto watch = channel_->WatchState(states_.Callback());
  EXPECT_TRUE(states_.Reaches(ChannelState::kClosed));
}

TEST_F(ChannelStateTest, WithoutACallbackNothingIsWatched) {
  auto watch = channel_->WatchState(nullptr);
  watch.Stop();
  EXPECT_THAT(Call(), IsOk());
}

// --- Waiting. ---

TEST_F(ChannelStateTest, AThreadWaitsForAChange) {
  auto ready = std::async(std::launch::async, [this] {
    ChannelState last = channel_->state().state;
    while (last != ChannelState::kReady) {
      absl::Status changed = channel_->WaitForStateChange(last, kTooLong);
      if (!changed.ok()) return changed;
      last = channel_->state().state;
    }
    return absl::OkStatus();
  });
  EXPECT_THAT(channel_->WaitUntilReady(kTooLong), IsOk());
  ASSERT_TRUE(Arrives(ready));
  EXPECT_THAT(ready.get(), IsOk());
}

TEST_F(ChannelStateTest, AnotherStateIsNotWaitedFor) {
  EXPECT_THAT(channel_->WaitForStateChange(ChannelState::kReady, milliseconds(0)), IsOk());
  EXPECT_THAT(channel_->WaitForStateChange(ChannelState::kReady, milliseconds(-1)),
              StatusIs(StatusCode::kInvalidArgument,
                       "the timeout of WaitForStateChange() is -1 ms; it must be 0 or more"));
}

TEST_F(ChannelStateTest, WhoWaitsInVainIsToldForWhat) {
  EXPECT_THAT(channel_->WaitForStateChange(ChannelState::kIdle, milliseconds(1)),
              StatusIs(StatusCode::kDeadlineExceeded,
                       HasSubstr("waiting for another state than \"idle\" of the channel to")));
}

TEST_F(ChannelStateTest, TheEndOfTheChannelWakesWhoWaits) {
  auto waits = std::async(std::launch::async, [this] {
    return channel_->WaitForStateChange(ChannelState::kIdle, hours(1));
  });
  channel_->Close();
  ASSERT_TRUE(Arrives(waits));
  EXPECT_THAT(waits.get(), IsOk());
}

TEST_F(ChannelStateTest, AnEventLoopDoesNotWait) {
  std::promise<absl::Status> refused;
  const auto watch = channel_->WatchState([&](const ChannelStatus& status) {
    if (status.state != ChannelState::kIdle) return;
    refused.set_value(channel_->WaitForStateChange(ChannelState::kIdle, hours(1)));
  });
  auto refusal = refused.get_future();
  ASSERT_TRUE(Arrives(refusal));
  EXPECT_THAT(refusal.get(), StatusIs(StatusCode::kFailedPrecondition, HasSubstr("WatchState()")));
}

// Changes, watches and their ends on many threads: best under a sanitizer. Each watch is told
// something, whenever it begins.
TEST_F(ChannelStateTest, WatchesComeAndGoWhileTheStateChanges) {
  std::atomic<bool> over = false;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 2; ++i) {
      threads.emplace_back([&] {
        while (!over) {
          std::atomic<bool> told = false;
          StateWatch watch = channel_->WatchState([&](const ChannelStatus&) { told = true; });
          EXPECT_TRUE(Eventually([&] { return told.load(); }));
          watch = channel_->WatchState([&](const ChannelStatus&) { told = true; });
        }
      });
    }
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        Call().IgnoreError();
        server_.faults().CutConnections();
      }
      channel_->Close();
      over = true;
    });
  }
  EXPECT_EQ(state(), ChannelState::kClosed);
}

}  // namespace
}  // namespace piperpc::testing
