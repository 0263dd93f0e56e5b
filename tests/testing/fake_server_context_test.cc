#include "piperpc/testing/fake_server_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <string>
#include <thread>

#include "piperpc/testing/fake_requests.h"
#include "piperpc/testing/matchers.h"
#include "support/eventually.h"
#include "testing/notes.h"

namespace piperpc::testing {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::Property;
using ::testing::SizeIs;

class FakeServerContextTest : public ::testing::Test {
 protected:
  // Cancels the call as soon as its handler waits.
  std::jthread CancelSoon() {
    return std::jthread([this] {
      EXPECT_TRUE(Eventually([this] { return notes_.waiting == 1; }));
      context_.Cancel();
    });
  }

  Notes notes_;
  NotesService& service_ = notes_;
  FakeServerContext context_;
};

TEST_F(FakeServerContextTest, RunsAHandlerAndTellsItsTrailers) {
  EXPECT_THAT(context_.Run(service_.CoGet(context_, NoteOf("a"))),
              IsOkAndHolds(Property(&Note::text, "re: a")));
  EXPECT_THAT(context_.trailers(), ElementsAre(Pair("asked", "a")));
  EXPECT_THAT(context_.stopped(), IsOk());
}

TEST_F(FakeServerContextTest, ReturnsAHandlersErrorWithItsDetails) {
  const auto result = context_.Run(service_.CoGet(context_, NoteOf("")));
  EXPECT_THAT(result, StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(result, HasErrorDetail<Note>(Property(&Note::text, "try another one")));
}

TEST_F(FakeServerContextTest, CancelsACallThatWaits) {
  const std::jthread other = CancelSoon();
  EXPECT_THAT(context_.Run(service_.CoGet(context_, NoteOf("wait"))),
              StatusIs(StatusCode::kCancelled, "stopped"));
}

TEST_F(FakeServerContextTest, AHandlerSeesACancelThatCameBefore) {
  context_.Cancel();
  EXPECT_THAT(context_.Run(service_.CoGet(context_, NoteOf("wait"))),
              StatusIs(StatusCode::kCancelled));
}

TEST_F(FakeServerContextTest, AHandlerSleepsOnItsLoop) {
  const std::jthread other = CancelSoon();
  EXPECT_THAT(context_.Run(service_.CoGet(context_, NoteOf("nap"))), IsOk());
}

TEST_F(FakeServerContextTest, StopsAnEndlessStreamAfterSomeMessages) {
  const auto replies = context_.Run(service_.CoWatch(context_, NoteOf("a")), 3);
  EXPECT_THAT(replies.messages, SizeIs(3));
  EXPECT_THAT(replies.status, StatusIs(StatusCode::kCancelled));
}

TEST_F(FakeServerContextTest, RunsABlockingHandlerOfAStreamOfRequests) {
  FakeRequests<Note> requests(context_, {NoteOf("a"), NoteOf("b")});
  EXPECT_THAT(context_.Run(service_.CoUpload(context_, requests.reader())),
              IsOkAndHolds(Property(&Note::text, "ab")));
}

TEST_F(FakeServerContextTest, RunsABlockingHandlerOfStreamsBothWays) {
  FakeRequests<Note> requests(context_, {NoteOf("a"), NoteOf("b")});
  const auto replies = context_.Run(service_.CoChat(context_, requests.reader()));
  EXPECT_THAT(replies.status, IsOk());
  EXPECT_THAT(replies.messages,
              ElementsAre(Property(&Note::text, "re: a"), Property(&Note::text, "re: b")));
}

TEST_F(FakeServerContextTest, RequestsMayComeWhileTheHandlerRuns) {
  FakeRequests<Note> requests(context_);
  const std::jthread client([&] {
    for (const char* text : {"a", "b"}) requests.Send(NoteOf(text));
    requests.End();
    requests.Send(NoteOf("too late"));
  });
  EXPECT_THAT(context_.Run(service_.CoUpload(context_, requests.reader())),
              IsOkAndHolds(Property(&Note::text, "ab")));
}

TEST_F(FakeServerContextTest, ACancelEndsTheRequests) {
  FakeRequests<Note> requests(context_);
  const std::jthread client([&] {
    requests.Send(NoteOf("a"));
    context_.Cancel();
  });
  EXPECT_THAT(context_.Run(service_.CoUpload(context_, requests.reader())),
              StatusIs(::testing::AnyOf(StatusCode::kOk, StatusCode::kCancelled)));
}

// Shows what it sees, and does what a context can do.
class Curious final : public NotesService {
 public:
  std::string seen;

 private:
  Task<absl::StatusOr<Note>> CoGet(ServerContext& context, Note request) override {
    seen = std::string(context.method()) + " " + context.peer().user + " " +
           std::string(FindValue(context.metadata(), "tenant").value_or("none")) + " " +
           context.session().user().value_or("nobody");
    if (request.text() == "throw") throw std::runtime_error("broken");
    if (request.text() == "drain") {
      AsyncEvent never;
      auto drained = never.Wait(context.drain_token());
      co_await drained;
      co_return absl::UnavailableError("drained");
    }
    if (context.deadline() != std::chrono::steady_clock::time_point::max()) {
      context.Stop(absl::ResourceExhaustedError("no time"));
    }
    co_return request;
  }
  Stream<Note> CoWatch(ServerContext&, Note request) override {
    if (request.text() == "throw") throw std::runtime_error("broken");
    co_yield request;
    absl::Status status = absl::DataLossError("that was all");
    co_yield status;
  }
};

TEST_F(FakeServerContextTest, ShowsAHandlerWhatTheTestHasSet) {
  Curious curious;
  NotesService& service = curious;
  EXPECT_THAT(context_.Run(service.CoGet(context_, NoteOf(""))), IsOk());
  EXPECT_EQ(curious.seen, "test.v1.TestService/Method test none nobody");
  context_.set_method("a.B/C");
  context_.set_peer({7, "uid:7", "gid:7"});
  context_.AddMetadata("tenant", "t");
  context_.session().set_user("ana");
  EXPECT_THAT(context_.Run(service.CoGet(context_, NoteOf(""))), IsOk());
  EXPECT_EQ(curious.seen, "a.B/C uid:7 t ana");
}

TEST_F(FakeServerContextTest, TellsWhyAHandlerHasStoppedItsCall) {
  Curious curious;
  NotesService& service = curious;
  context_.set_deadline(std::chrono::steady_clock::now());
  EXPECT_THAT(context_.Run(service.CoGet(context_, NoteOf(""))), IsOk());
  EXPECT_THAT(context_.stopped(), StatusIs(StatusCode::kResourceExhausted, "no time"));
  EXPECT_TRUE(context_.stop_token().stop_requested());
}

TEST_F(FakeServerContextTest, AnExceptionIsInternal) {
  Curious curious;
  NotesService& service = curious;
  EXPECT_THAT(context_.Run(service.CoGet(context_, NoteOf("throw"))),
              StatusIs(StatusCode::kInternal, HasSubstr("broken")));
  EXPECT_THAT(context_.Run(service.CoWatch(context_, NoteOf("throw"))).status,
              StatusIs(StatusCode::kInternal, HasSubstr("broken")));
}

TEST_F(FakeServerContextTest, AStreamEndsWithItsStatus) {
  Curious curious;
  NotesService& service = curious;
  const auto replies = context_.Run(service.CoWatch(context_, NoteOf("a")));
  EXPECT_THAT(replies.messages, SizeIs(1));
  EXPECT_THAT(replies.status, StatusIs(StatusCode::kDataLoss));
}

TEST_F(FakeServerContextTest, DrainsACallThatWaitsForTheEndOfTheServer) {
  Curious curious;
  NotesService& service = curious;
  context_.Drain();
  EXPECT_THAT(context_.Run(service.CoGet(context_, NoteOf("drain"))),
              StatusIs(StatusCode::kUnavailable, "drained"));
  EXPECT_FALSE(context_.stop_token().stop_requested());
}

TEST_F(FakeServerContextTest, AMethodWithoutAHandlerIsUnimplemented) {
  NotesService service;
  EXPECT_THAT(context_.Run(service.CoGet(context_, NoteOf("a"))),
              StatusIs(StatusCode::kUnimplemented));
  EXPECT_THAT(context_.Run(service.CoWatch(context_, NoteOf("a"))).messages, IsEmpty());
}

TEST_F(FakeServerContextTest, DoesNotBlockAnEventLoop) {
  std::promise<absl::Status> refused;
  context_.executor().Post(
      [&] { refused.set_value(context_.Run(service_.CoGet(context_, NoteOf("a"))).status()); });
  EXPECT_THAT(refused.get_future().get(), StatusIs(StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace piperpc::testing
