#include "piperpc/testing/in_process_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "piperpc/raw_client.h"
#include "piperpc/raw_service.h"
#include "piperpc/testing/matchers.h"
#include "support/eventually.h"
#include "testing/notes.h"

namespace piperpc::testing {
namespace {

using absl::StatusCode;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Property;

auto HoldsText(std::string text) { return IsOkAndHolds(Property(&Note::text, std::move(text))); }

TEST(InProcess, IsAServerAndAClientInOneLine) {
  Notes service;
  InProcess<NotesClient> notes(service);
  EXPECT_THAT(notes->Get(NoteOf("a")), HoldsText("re: a"));
  EXPECT_THAT((*notes).Get(NoteOf("b")), HoldsText("re: b"));
  EXPECT_THAT(notes.client().Get(NoteOf("")), StatusIs(StatusCode::kNotFound));
  EXPECT_THAT(notes.status(), IsOk());
}

TEST(InProcess, CarriesDetailsAndStreams) {
  Notes service;
  InProcess<NotesClient> notes(service);
  EXPECT_THAT(notes->Get(NoteOf("")),
              HasErrorDetail<Note>(Property(&Note::text, "try another one")));
  auto upload = notes->Upload();
  EXPECT_TRUE(upload.Write(NoteOf("a")));
  EXPECT_TRUE(upload.Write(NoteOf("b")));
  EXPECT_THAT(upload.Finish(), HoldsText("ab"));
}

TEST(InProcess, ServesSeveralServices) {
  Notes service;
  RawService raw("test.v1.Raw");
  raw.AddUnary("Echo", [](ServerContext&, RawMessage request) -> Task<absl::StatusOr<RawMessage>> {
    co_return request;
  });
  InProcessServer server({&service, &raw});
  EXPECT_THAT(NotesClient(server.channel()).Get(NoteOf("a")), HoldsText("re: a"));
  EXPECT_THAT(RawClient(server.channel()).Unary("test.v1.Raw/Echo", RawMessage("x"), {}), IsOk());
  EXPECT_THAT(server.server().service_names(), ElementsAre("mocks.v1.NotesService", "test.v1.Raw"));
}

TEST(InProcess, ServesTheRestWithACatchAllService) {
  CatchAllService rest(
      [](ServerContext&, RawMessage request) -> Stream<RawMessage> {
        RawResponse response(std::move(request));
        co_yield response;
      },
      [](ServerContext&, CoReader<RawMessage>) -> Stream<RawMessage> {
        absl::Status status = absl::UnimplementedError("");
        co_yield status;
      });
  InProcess<NotesClient> notes(std::initializer_list<Service*>{}, {.catch_all = &rest});
  EXPECT_THAT(notes->Get(NoteOf("a")), HoldsText("a"));
}

TEST(InProcess, GivesEachNewChannelAConnectionOfItsOwn) {
  Notes service;
  InProcessServer server(service);
  EXPECT_EQ(server.channel(), server.channel());
  const auto other = server.NewChannel();
  EXPECT_THAT(server.channel()->WaitUntilReady(kTooLong), IsOk());
  EXPECT_THAT(other->WaitUntilReady(kTooLong), IsOk());
  EXPECT_TRUE(Eventually([&] { return server.server().stats().connections == 2; }));
}

class Refusing final : public ServerMiddleware {
 public:
  absl::Status Before(ServerContext&) override { return absl::PermissionDeniedError("server"); }
  void After(ServerContext&, const absl::Status&) override {}
};

class Marking final : public ClientMiddleware {
 public:
  absl::Status Before(ClientContext&) override {
    ++calls;
    return absl::OkStatus();
  }
  void After(ClientContext&, const absl::Status&) override {}
  std::atomic<int> calls = 0;
};

TEST(InProcess, TakesTheOptionsOfBothSides) {
  Notes service;
  const auto marking = std::make_shared<Marking>();
  InProcess<NotesClient> notes(service, {.server = {.middleware = {std::make_shared<Refusing>()}},
                                         .channel = {.middleware = {marking}}});
  EXPECT_THAT(notes->Get(NoteOf("a")), StatusIs(StatusCode::kPermissionDenied, "server"));
  EXPECT_EQ(marking->calls, 1);
}

TEST(InProcess, TellsInEachCallWhyItDidNotStart) {
  Notes service;
  InProcess<NotesClient> notes(service, {.server = {.event_loops = 0}});
  EXPECT_THAT(notes.status(), StatusIs(StatusCode::kInvalidArgument, HasSubstr("event_loops")));
  EXPECT_THAT(notes->Get(NoteOf("a")),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("event_loops")));
  InProcessServer twice({&service, &service});
  EXPECT_THAT(twice.status(), StatusIs(StatusCode::kAlreadyExists));
}

TEST(InProcess, RefusesATransportOfTheTest) {
  Notes service;
  FaultInjector other;
  InProcessServer server(service, {.channel = {.transport = other.transport()}});
  EXPECT_THAT(server.status(),
              StatusIs(StatusCode::kInvalidArgument, HasSubstr("ChannelOptions::transport")));
}

TEST(InProcess, EndsWithCallsInFlight) {
  Notes service;
  std::promise<absl::Status> ended;
  std::future<absl::Status> end = ended.get_future();
  {
    InProcess<NotesClient> notes(service);
    notes->GetAsync(NoteOf("wait"), {}, [&](absl::StatusOr<Note> reply) {
      ended.set_value(std::move(reply).status());
    });
    ASSERT_TRUE(Eventually([&] { return service.waiting == 1; }));
  }
  ASSERT_TRUE(Arrives(end));
  EXPECT_THAT(end.get(), StatusIs(StatusCode::kCancelled));
  EXPECT_EQ(service.stopped, 1);
}

TEST(InProcess, EndsWhileAStreamIsNotRead) {
  Notes service;
  std::optional<ClientReader<Note>> reader;
  {
    InProcess<NotesClient> notes(service);
    reader = notes->Watch(NoteOf(std::string(10'000, 'x')));
    ASSERT_TRUE(reader->Next().has_value());
  }
  while (reader->Next().has_value()) continue;
  EXPECT_THAT(reader->status(), StatusIs(StatusCode::kCancelled));
}

TEST(InProcess, AChannelMayOutliveIt) {
  Notes service;
  std::shared_ptr<Channel> channel;
  {
    InProcessServer server(service);
    channel = server.channel();
  }
  EXPECT_THAT(NotesClient(channel).Get(NoteOf("a")), StatusIs(StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace piperpc::testing
