// A client that was written from rpc/PROTOCOL.md, against the real server.
#include <gtest/gtest.h>

#include <string>

#include "auth/v1/auth.pb.h"
#include "interop/connection_win32.h"
#include "interop/server_fixture_win32.h"
#include "notify/v1/notify.pb.h"
#include "upper/v1/upper.pb.h"

namespace piperpc::interop {
namespace {

constexpr int kInvalidArgument = 3;
constexpr int kUnimplemented = 12;
constexpr int kUnauthenticated = 16;
constexpr char kLogin[] = "auth.v1.AuthService/Login";
constexpr char kUppercase[] = "upper.v1.UpperService/Uppercase";
constexpr char kSubscribe[] = "notify.v1.NotifyService/Subscribe";

class ProtocolClientTest : public ServerTest {
 protected:
  // Says Hello and logs in, in one packet.
  static void LogIn(Connection& connection, const std::string& username) {
    auth::v1::LoginRequest request;
    request.set_username(username);
    request.set_password("correct horse");
    const Frame answer = connection.Call(kLogin, request.SerializeAsString(), {HelloFrame()});
    EXPECT_EQ(answer.header.status().code(), 0) << answer.header.status().message();
  }

  static std::string Uppercase(const std::string& text) {
    upper::v1::UppercaseRequest request;
    request.set_text(text);
    return request.SerializeAsString();
  }

  static std::string TextOf(const Frame& answer) {
    EXPECT_EQ(answer.header.status().code(), 0) << answer.header.status().message();
    upper::v1::UppercaseResponse response;
    EXPECT_TRUE(response.ParseFromString(answer.payload));
    return response.text();
  }

  static notify::v1::Event NextEvent(Connection& connection) {
    notify::v1::Event event;
    const std::optional<Frame> frame = connection.Next();
    EXPECT_TRUE(frame && frame->header.kind() == v1::FRAME_KIND_MESSAGE &&
                event.ParseFromString(frame->payload));
    return event;
  }

  // The code that the server goes away with when `packet` comes first.
  int GoawayAfter(const std::vector<std::string>& frames) {
    Connection connection(name_);
    connection.Send(frames);
    while (std::optional<Frame> frame = connection.Next()) {
      if (frame->header.kind() != v1::FRAME_KIND_GOAWAY) continue;
      v1::Goaway goaway;
      EXPECT_TRUE(goaway.ParseFromString(frame->payload));
      EXPECT_NE(goaway.status().message(), "");
      EXPECT_FALSE(connection.Next()) << "something came after the goaway";
      return goaway.status().code();
    }
    ADD_FAILURE() << "no goaway came";
    return 0;
  }
};

TEST_F(ProtocolClientTest, LogsInWithTheFirstPacketAndHasTextUppercased) {
  Connection connection(name_);
  LogIn(connection, "ana");
  ASSERT_TRUE(connection.server());
  EXPECT_EQ(connection.server()->min_version(), 1u);
  EXPECT_EQ(TextOf(connection.Call(kUppercase, Uppercase("stra\u00dfe"))), "STRASSE");
}

TEST_F(ProtocolClientTest, SendsAndReceivesAMessageInSeveralFrames) {
  Connection connection(name_);
  LogIn(connection, "ana");
  std::string text(300 * 1024, 'x');
  const std::uint64_t id = connection.NewId();
  for (const std::string& frame : Split(RequestHeader(id, kUppercase), Uppercase(text), 60'000)) {
    connection.Send({frame});
  }
  EXPECT_TRUE(TextOf(connection.WaitResponse(id)) == std::string(text.size(), 'X'));
}

TEST_F(ProtocolClientTest, IsToldThatItMustLogInAndThatAMethodIsNotThere) {
  Connection connection(name_);
  const Frame first = connection.Call(kUppercase, Uppercase("x"), {HelloFrame()});
  EXPECT_EQ(first.header.status().code(), kUnauthenticated);
  EXPECT_EQ(connection.Call("no.Such/Method", "").header.status().code(), kUnimplemented);
}

TEST_F(ProtocolClientTest, SubscribesSeesAnotherOnesLoginAndCancels) {
  Connection subscriber(name_);
  const std::uint64_t id = subscriber.NewId();
  subscriber.Send({HelloFrame(), Encode(RequestHeader(id, kSubscribe))});
  EXPECT_TRUE(NextEvent(subscriber).has_subscribed());
  Connection other(name_);
  LogIn(other, "bob");
  EXPECT_EQ(NextEvent(subscriber).user_logged_in().username(), "bob");

  v1::FrameHeader cancel;
  cancel.set_kind(v1::FRAME_KIND_CANCEL);
  cancel.set_call_id(id);
  subscriber.Send({Encode(cancel)});
  EXPECT_EQ(subscriber.WaitResponse(id).header.status().code(), 1);
}

TEST_F(ProtocolClientTest, IsSentAwayForBreakingARule) {
  EXPECT_EQ(GoawayAfter({Encode(RequestHeader(1, kUppercase))}), kInvalidArgument) << "no Hello";
  EXPECT_EQ(GoawayAfter({HelloFrame(), HelloFrame()}), kInvalidArgument) << "two of them";
  EXPECT_EQ(GoawayAfter({HelloFrame(), std::string("\xe8\x03\0\0", 4)}), kInvalidArgument)
      << "a length that lies";
}

}  // namespace
}  // namespace piperpc::interop
