#include "piperpc/testing/fault_injector.h"

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
using std::chrono::milliseconds;
using ::testing::Ge;
using From = FaultInjector::From;

class FaultInjectorTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_THAT(notes_.channel()->WaitUntilReady(kTooLong), IsOk()); }

  // The coroutine and the callback form read on a loop; the blocking form reads itself.
  absl::Status GetAsync(const char* text, CallOptions options = {}) {
    std::promise<absl::Status> ended;
    std::future<absl::Status> end = ended.get_future();
    notes_->GetAsync(NoteOf(text), options, [&](absl::StatusOr<Note> reply) {
      ended.set_value(std::move(reply).status());
    });
    return Arrives(end) ? end.get() : absl::UnknownError("the call has not ended");
  }

  FaultInjector& faults() { return notes_.faults(); }

  Notes service_;
  InProcess<NotesClient> notes_{service_};
};

TEST_F(FaultInjectorTest, RefusesConnectionsUntilItIsHealed) {
  faults().Refuse(absl::PermissionDeniedError("not you"));
  const auto channel = notes_.NewChannel();
  EXPECT_THAT(NotesClient(channel).Get(NoteOf("a")),
              StatusIs(StatusCode::kPermissionDenied, "not you"));
  EXPECT_THAT(notes_->Get(NoteOf("a")), IsOk()) << "a connection that is there stays";
  faults().Heal();
  EXPECT_THAT(NotesClient(channel).Get(NoteOf("a")), IsOk());
  EXPECT_EQ(faults().connects(), 3u);
}

TEST_F(FaultInjectorTest, ACallThatWaitsForAServerTriesAgain) {
  faults().Refuse(absl::UnavailableError("not yet"));
  auto call = std::async(std::launch::async, [this] {
    return NotesClient(notes_.NewChannel()).Get(NoteOf("a"), {.wait_for_ready = kTooLong});
  });
  EXPECT_TRUE(Eventually([this] { return faults().connects() > 2; }));
  faults().Heal();
  EXPECT_THAT(call.get(), IsOk());
}

TEST_F(FaultInjectorTest, CutsAtARequest) {
  faults().Cut(From::kClient);
  EXPECT_THAT(notes_->Get(NoteOf("a")), StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(notes_->Get(NoteOf("a")), IsOk()) << "it reconnects";
  faults().Cut(From::kClient);
  EXPECT_THAT(GetAsync("a"), StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(GetAsync("a"), IsOk());
}

TEST_F(FaultInjectorTest, CutsAtAReply) {
  faults().Cut(From::kServer);
  EXPECT_THAT(notes_->Get(NoteOf("a")), StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(GetAsync("a"), IsOk()) << "it reconnects";
  faults().Cut(From::kServer);
  EXPECT_THAT(GetAsync("a"), StatusIs(StatusCode::kUnavailable));
}

TEST_F(FaultInjectorTest, ALostRequestIsWaitedForUntilTheDeadline) {
  faults().Drop(From::kClient);
  EXPECT_THAT(notes_->Get(NoteOf("a"), {.timeout = milliseconds(20)}),
              StatusIs(StatusCode::kDeadlineExceeded));
}

TEST_F(FaultInjectorTest, ALostReplyIsWaitedForUntilTheDeadline) {
  faults().Drop(From::kServer);
  EXPECT_THAT(notes_->Get(NoteOf("a"), {.timeout = milliseconds(20)}),
              StatusIs(StatusCode::kDeadlineExceeded));
}

TEST_F(FaultInjectorTest, ALostPacketIsWaitedForOnALoop) {
  faults().Drop(From::kServer);
  EXPECT_THAT(GetAsync("a", {.timeout = milliseconds(20)}),
              StatusIs(StatusCode::kDeadlineExceeded));
}

TEST_F(FaultInjectorTest, CountsPacketsFromWhenItIsTold) {
  for (int i = 0; i < 3; ++i) ASSERT_THAT(notes_->Get(NoteOf("a")), IsOk());
  faults().Cut(From::kServer, 2);
  EXPECT_THAT(notes_->Get(NoteOf("a")), IsOk());
  EXPECT_THAT(notes_->Get(NoteOf("a")), StatusIs(StatusCode::kUnavailable));
}

TEST_F(FaultInjectorTest, DelaysPacketsEachWay) {
  constexpr milliseconds kDelay(30);
  for (const From from : {From::kClient, From::kServer}) {
    faults().Heal();
    faults().Delay(from, kDelay);
    const auto begun = std::chrono::steady_clock::now();
    EXPECT_THAT(notes_->Get(NoteOf("a")), IsOk());
    EXPECT_THAT(GetAsync("a"), IsOk());
    EXPECT_THAT(std::chrono::steady_clock::now() - begun, Ge(2 * kDelay));
  }
}

TEST_F(FaultInjectorTest, ADelayBeyondTheDeadlineEndsTheCallAndNotTheNext) {
  faults().Delay(From::kServer, milliseconds(50));
  EXPECT_THAT(notes_->Get(NoteOf("a"), {.timeout = milliseconds(10)}),
              StatusIs(StatusCode::kDeadlineExceeded));
  EXPECT_THAT(notes_->Get(NoteOf("b")), IsOk());
  EXPECT_THAT(GetAsync("c"), IsOk());
  EXPECT_EQ(faults().connects(), 1u) << "the connection goes on";
}

// The call that comes too late is behind a packet that is held.
TEST_F(FaultInjectorTest, HealingFreesAPacketThatACallerHolds) {
  for (const From from : {From::kClient, From::kServer}) {
    faults().Delay(from, milliseconds::max());
    EXPECT_THAT(notes_->Get(NoteOf("a"), {.timeout = milliseconds(20)}),
                StatusIs(StatusCode::kDeadlineExceeded));
    auto waits = std::async(std::launch::async,
                            [this] { return notes_->Get(NoteOf("b"), {.timeout = kTooLong}); });
    faults().Heal();
    EXPECT_THAT(waits.get(), IsOk());
  }
  EXPECT_EQ(faults().connects(), 1u) << "the connection goes on";
}

TEST_F(FaultInjectorTest, HealingFreesAPacketThatALoopHolds) {
  for (const From from : {From::kClient, From::kServer}) {
    faults().Delay(from, milliseconds::max());
    EXPECT_THAT(GetAsync("a", {.timeout = milliseconds(20)}),
                StatusIs(StatusCode::kDeadlineExceeded));
    faults().Heal();
    EXPECT_THAT(GetAsync("b", {.timeout = kTooLong}), IsOk());
  }
  EXPECT_EQ(faults().connects(), 1u) << "the connection goes on";
}

TEST_F(FaultInjectorTest, CutsTheConnectionsUnderCallsAndTheirHandlers) {
  auto blocked = std::async(std::launch::async, [this] { return notes_->Get(NoteOf("wait")); });
  auto other = std::async(std::launch::async, [this] { return GetAsync("wait"); });
  ASSERT_TRUE(Eventually([this] { return service_.waiting == 2; }));
  faults().CutConnections();
  EXPECT_THAT(blocked.get(), StatusIs(StatusCode::kUnavailable));
  EXPECT_THAT(other.get(), StatusIs(StatusCode::kUnavailable));
  EXPECT_TRUE(Eventually([this] { return service_.stopped == 2; }));
  EXPECT_THAT(notes_->Get(NoteOf("a")), IsOk());
}

TEST_F(FaultInjectorTest, CutsAConnectionThatNobodyUses) {
  ASSERT_TRUE(Eventually([this] { return notes_.server().stats().connections == 1; }));
  faults().CutConnections();
  EXPECT_TRUE(Eventually([this] { return notes_.server().stats().connections == 0; }));
}

TEST(FaultInjector, IsATransportOfAServerOfTheTest) {
  FaultInjector faults;
  Notes service;
  Server server({.transport = faults.transport()});
  ASSERT_THAT(server.AddService(service), IsOk());
  ASSERT_THAT(server.Start("notes"), IsOk());
  NotesClient client(Connect("notes", {.transport = faults.transport()}));
  EXPECT_THAT(client.Get(NoteOf("a")), IsOk());
  faults.Cut(From::kServer);
  EXPECT_THAT(client.Get(NoteOf("a")), StatusIs(StatusCode::kUnavailable));
}

}  // namespace
}  // namespace piperpc::testing
