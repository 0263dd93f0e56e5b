// Tests of the service, with piperpc::testing.
#include "chat.h"

#include <gmock/gmock.h>

#include <chrono>
#include <optional>
#include <string>

#include "line.h"
#include "piperpc/testing/fake_requests.h"
#include "piperpc/testing/fake_server_context.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"

namespace chat {
namespace {

using piperpc::testing::FakeRequests;
using piperpc::testing::FakeServerContext;
using piperpc::testing::InProcess;
using piperpc::testing::IsOk;
using piperpc::testing::StatusIs;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::ChatRequest JoinRequest(const std::string& room, const std::string& name) {
  v1::ChatRequest request;
  request.mutable_join()->set_room(room);
  request.mutable_join()->set_name(name);
  return request;
}

v1::ChatRequest TextRequest(const std::string& text) {
  v1::ChatRequest request;
  request.set_text(text);
  return request;
}

// A caller.
class Guest {
 public:
  Guest(v1::ChatClient& client, const std::string& room, const std::string& name)
      : talk_(client.Chat()) {
    talk_.Write(JoinRequest(room, name));
  }

  void Say(const std::string& text) { talk_.Write(TextRequest(text)); }
  void Leave() { talk_.WritesDone(); }
  void GoAway() { talk_.Cancel(); }
  std::optional<v1::ChatResponse> NextEvent() { return talk_.Next(); }

  // The next event, or how the call ended.
  std::string Next() {
    const std::optional<v1::ChatResponse> event = NextEvent();
    return event ? Line(*event) : talk_.status().ToString();
  }
  absl::Status status() { return talk_.status(); }

 private:
  piperpc::ClientReaderWriter<v1::ChatRequest, v1::ChatResponse> talk_;
};

class ChatTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kMaxUnread = 4;

  Guest Enter(const std::string& name, const std::string& room = "lobby") {
    return Guest(server_.client(), room, name);
  }

  Chat chat_{kMaxUnread};
  InProcess<v1::ChatClient> server_{chat_};
};

TEST_F(ChatTest, AllInTheRoomAreToldTheSame) {
  Guest ana = Enter("ana");
  EXPECT_EQ(ana.Next(), "* here: ana");
  Guest rui = Enter("rui");
  EXPECT_EQ(rui.Next(), "* here: ana rui");
  EXPECT_EQ(ana.Next(), "* rui joined");
  ana.Say("hello");
  EXPECT_EQ(ana.Next(), "ana: hello");
  EXPECT_EQ(rui.Next(), "ana: hello");
}

TEST_F(ChatTest, OtherRoomsAreNotTold) {
  Guest ana = Enter("ana");
  Guest rui = Enter("rui", "garden");
  EXPECT_EQ(rui.Next(), "* here: rui");
  rui.Say("nobody here");
  EXPECT_EQ(rui.Next(), "rui: nobody here");
  EXPECT_EQ(ana.Next(), "* here: ana");
  ana.Say("me neither");
  EXPECT_EQ(ana.Next(), "ana: me neither");
}

TEST_F(ChatTest, WhoHasSaidAllLeaves) {
  Guest ana = Enter("ana");
  EXPECT_EQ(ana.Next(), "* here: ana");
  Guest rui = Enter("rui");
  EXPECT_EQ(ana.Next(), "* rui joined");
  rui.Say("bye");
  rui.Leave();
  EXPECT_EQ(ana.Next(), "rui: bye");
  EXPECT_EQ(ana.Next(), "* rui left");
  EXPECT_EQ(rui.Next(), "* here: ana rui");
  EXPECT_EQ(rui.Next(), "rui: bye");
  EXPECT_EQ(rui.Next(), "OK");
}

TEST_F(ChatTest, WhoGoesAwayLeaves) {
  Guest ana = Enter("ana");
  EXPECT_EQ(ana.Next(), "* here: ana");
  Guest rui = Enter("rui");
  EXPECT_EQ(ana.Next(), "* rui joined");
  rui.GoAway();
  EXPECT_EQ(ana.Next(), "* rui left");
  Guest again = Enter("rui");
  EXPECT_EQ(again.Next(), "* here: ana rui");
}

TEST_F(ChatTest, ANameIsThereOnceInARoom) {
  Guest ana = Enter("ana");
  EXPECT_EQ(ana.Next(), "* here: ana");
  EXPECT_THAT(Enter("ana").Next(), HasSubstr("ALREADY_EXISTS"));
  EXPECT_EQ(Enter("ana", "garden").Next(), "* here: ana");
}

TEST_F(ChatTest, TextsThatAreNotValidAreRefused) {
  const std::string invalid = "INVALID_ARGUMENT: the ";
  EXPECT_EQ(Enter("").Next(), invalid + "name is empty");
  EXPECT_EQ(Enter("ana", "").Next(), invalid + "room is empty");
  EXPECT_EQ(Enter(std::string(33, 'a')).Next(), invalid + "name has 33 bytes; it may have 32");
  EXPECT_EQ(Enter("a\na").Next(), invalid + "name has a control character");
  Guest ana = Enter("ana");
  EXPECT_EQ(ana.Next(), "* here: ana");
  ana.Say(
      "\xc2\x9b"
      "31m");  // A terminal's "control sequence introducer".
  EXPECT_EQ(ana.Next(), invalid + "text has a control character");
}

TEST_F(ChatTest, UmlautsAndTheLikeAreNoControlCharacters) {
  Guest joao = Enter("João");
  EXPECT_EQ(joao.Next(), "* here: João");
}

TEST_F(ChatTest, WhoDoesNotReadMissesTheOldestAndHoldsUpNobody) {
  piperpc::ChannelOptions options;
  options.stream_credit_bytes = 64 * 1024;
  v1::ChatClient other(server_.NewChannel(options));
  Guest slow(other, "lobby", "slow");
  EXPECT_EQ(slow.Next(), "* here: slow");
  Guest ana = Enter("ana");
  EXPECT_EQ(ana.Next(), "* here: ana slow");
  constexpr int kTexts = 200;
  for (int i = 0; i < kTexts; ++i) {
    const std::string text = std::to_string(i) + std::string(900, '.');
    ana.Say(text);
    ASSERT_EQ(ana.Next(), "ana: " + text);
  }
  ana.Say("the last one");

  std::uint64_t told = 0, missed = 0;
  for (bool more = true; more;) {
    const std::optional<v1::ChatResponse> event = slow.NextEvent();
    ASSERT_TRUE(event.has_value()) << slow.status();
    missed += event->missed();
    if (event->has_said()) ++told;
    more = event->said().text() != "the last one";
  }
  EXPECT_GT(missed, 0);
  EXPECT_EQ(told + missed, kTexts + 1);
}

TEST_F(ChatTest, AShutdownDoesNotWaitForThoseWhoChat) {
  Guest ana = Enter("ana");
  EXPECT_EQ(ana.Next(), "* here: ana");
  EXPECT_TRUE(server_.server().Shutdown(std::chrono::minutes(1)).clean());
  EXPECT_EQ(ana.Next(), "UNAVAILABLE: the server shuts down");
}

// --- One handler, without a server. ---

TEST(ChatHandler, BeginsWithAJoin) {
  Chat chat;
  FakeServerContext context;
  FakeRequests<v1::ChatRequest> requests(context, {TextRequest("hello")});
  const auto replies = context.Run(chat.CoChat(context, requests.reader()));
  EXPECT_THAT(replies.messages, IsEmpty());
  EXPECT_THAT(replies.status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("Join")));
}

TEST(ChatHandler, JoinsOnce) {
  Chat chat;
  FakeServerContext context;
  FakeRequests<v1::ChatRequest> requests(context, {JoinRequest("a", "b"), JoinRequest("a", "c")});
  const auto replies = context.Run(chat.CoChat(context, requests.reader()));
  EXPECT_THAT(replies.status, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("joined")));
}

}  // namespace
}  // namespace chat
