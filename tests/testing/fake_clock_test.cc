#include "piperpc/testing/fake_clock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"
#include "support/eventually.h"
#include "testing/notes.h"

namespace piperpc::testing {
namespace {

using absl::StatusCode;
using std::chrono::hours;
using std::chrono::minutes;

constexpr hours kLong(100'000);

class FakeClockTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_THAT(notes_.channel()->WaitUntilReady(hours(1)), IsOk()); }

  bool WaitFor(int calls) {
    return Eventually([this, calls] { return service_.waiting == calls; });
  }

  // Begins a call; its end.
  std::future<absl::Status> Get(const char* text, CallOptions options) {
    return std::async(std::launch::async, [this, text, options] {
      return notes_->Get(NoteOf(text), options).status();
    });
  }
  std::future<absl::Status> GetAsync(const char* text, const CallOptions& options) {
    const auto ended = std::make_shared<std::promise<absl::Status>>();
    notes_->GetAsync(NoteOf(text), options, [ended](absl::StatusOr<Note> reply) {
      ended->set_value(std::move(reply).status());
    });
    return ended->get_future();
  }

  FakeClock clock_;
  Notes service_;
  InProcess<NotesClient> notes_{service_, {.clock = &clock_}};
};

TEST_F(FakeClockTest, StandsStillUntilItIsTold) {
  const FakeClock::TimePoint begin = clock_.Now();
  EXPECT_EQ(clock_.Now(), begin);
  clock_.Advance(hours(2));
  EXPECT_EQ(clock_.Now(), begin + hours(2));
  clock_.Advance(-hours(1));
  EXPECT_EQ(clock_.Now(), begin + hours(2));
}

TEST_F(FakeClockTest, ATimeoutOfAnHourPassesAtOnce) {
  auto blocked = Get("wait", {.timeout = hours(1)});
  auto called_back = GetAsync("wait", {.timeout = hours(1)});
  ASSERT_TRUE(WaitFor(2));
  clock_.Advance(hours(1));
  ASSERT_TRUE(Arrives(blocked));
  EXPECT_THAT(blocked.get(), StatusIs(StatusCode::kDeadlineExceeded));
  ASSERT_TRUE(Arrives(called_back));
  EXPECT_THAT(called_back.get(), StatusIs(StatusCode::kDeadlineExceeded));
  EXPECT_TRUE(Eventually([this] { return service_.stopped == 2; }));
}

TEST_F(FakeClockTest, ATimeoutThatHasNotPassedEndsNothing) {
  auto call = Get("wait", {.timeout = hours(1)});
  ASSERT_TRUE(WaitFor(1));
  clock_.Advance(minutes(59));
  EXPECT_THAT(notes_->Get(NoteOf("a")), IsOk());
  EXPECT_EQ(service_.stopped, 0);
  clock_.Advance(minutes(1));
  ASSERT_TRUE(Arrives(call));
}

TEST_F(FakeClockTest, AHandlerThatSleepsAwakes) {
  auto call = Get("nap", {.timeout = kLong});
  EXPECT_TRUE(clock_.AdvanceUntil(
      [&] { return call.wait_for(std::chrono::seconds(0)) == std::future_status::ready; },
      minutes(5)));
  EXPECT_THAT(call.get(), IsOk());
}

TEST_F(FakeClockTest, AClientWaitsForAServerInItsTime) {
  notes_.faults().Refuse(absl::UnavailableError("not yet"));
  auto call = std::async(std::launch::async, [this] {
    return NotesClient(notes_.NewChannel())
        .Get(NoteOf("a"), {.timeout = kLong, .wait_for_ready = hours(1)});
  });
  EXPECT_TRUE(clock_.AdvanceUntil(
      [&] { return call.wait_for(std::chrono::seconds(0)) == std::future_status::ready; },
      minutes(5)));
  EXPECT_THAT(call.get(), StatusIs(StatusCode::kUnavailable));
}

TEST(FakeClock, MayGoBeforeAChannelThatUsesIt) {
  Notes service;
  std::shared_ptr<Channel> channel;
  {
    FakeClock clock;
    InProcessServer server(service, {.clock = &clock});
    channel = server.channel();
    EXPECT_THAT(NotesClient(channel).Get(NoteOf("a")), IsOk());
  }
  EXPECT_THAT(NotesClient(channel).Get(NoteOf("a")), StatusIs(StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace piperpc::testing
