// What the server does with the frames of a client, good and bad.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "server/server_fixture.h"
#include "src/transport/own_peer.h"

namespace piperpc::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using wire::FrameKind;

std::string Opening(std::uint64_t id, std::string_view method) {
  return Encode({.kind = FrameKind::kRequest, .call_id = id, .method = method});
}

std::string Message(std::uint64_t id, std::string_view payload) {
  return Encode({.kind = FrameKind::kMessage, .call_id = id}, payload);
}

std::string HalfClose(std::uint64_t id) {
  return Encode({.kind = FrameKind::kHalfClose, .call_id = id});
}

std::string Cancel(std::uint64_t id) { return Encode({.kind = FrameKind::kCancel, .call_id = id}); }

class Protocol : public ServerFixture {
 protected:
  void SetUp() override { Start(); }

  // After something that ended one connection only.
  void ExpectServerLives() {
    WireClient other = Connect();
    other.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "alive")});
    EXPECT_EQ(other.NextAfterHello().payload, "alive");
  }

  // Sends the packet and expects a goaway whose text has `text`, and the end.
  void ExpectGoaway(std::initializer_list<std::string> frames, const std::string& text) {
    WireClient client = Connect();
    client.Send(frames);
    const absl::Status reason = client.Goaway();
    EXPECT_TRUE(absl::IsInvalidArgument(reason)) << reason;
    EXPECT_THAT(std::string(reason.message()), HasSubstr(text));
    ExpectServerLives();
  }
};

TEST_F(Protocol, AnswersHelloWithItsOwnAndTheChosenVersion) {
  WireClient client = Connect();
  client.Send({EncodedHello()});
  const auto frame = client.Next();
  ASSERT_TRUE(frame.ok());
  ASSERT_EQ(frame->kind, FrameKind::kHello);
  const auto hello = wire::DecodeHello(frame->payload);
  ASSERT_TRUE(hello.ok());
  EXPECT_EQ(hello->min_version, 1u);
  EXPECT_EQ(hello->max_version, 1u);
  EXPECT_EQ(hello->max_calls, 100u);
  EXPECT_THAT(hello->implementation, StartsWith("piperpc-cpp/"));
}

TEST_F(Protocol, ServesACallThatCameBehindTheHello) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "hello")});
  const OwnedFrame reply = client.NextAfterHello();
  EXPECT_EQ(reply.kind, FrameKind::kResponse);
  EXPECT_EQ(reply.call_id, 1u);
  EXPECT_TRUE(reply.status.ok());
  EXPECT_EQ(reply.payload, "hello");
}

TEST_F(Protocol, AnswersManyCallsOfOnePacketInTheirOrder) {
  WireClient client = Connect();
  std::string requests;
  for (int i = 1; i <= 64; ++i) requests += EncodedRequest(i, "test.v1.Test/Echo", "x");
  client.Send({EncodedHello(), requests});
  for (std::uint64_t i = 1; i <= 64; ++i) EXPECT_EQ(client.NextAfterHello().call_id, i);
}

TEST_F(Protocol, ReportsStatusDetailsAndTrailers) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Fail", "x")});
  const OwnedFrame reply = client.NextAfterHello();
  EXPECT_TRUE(absl::IsNotFound(reply.status));
  EXPECT_EQ(reply.status.message(), "nothing called x");
  EXPECT_TRUE(reply.status.GetPayload("type.googleapis.com/test.v1.Detail").has_value());
  EXPECT_THAT(reply.metadata, HasSubstr("because"));
}

TEST_F(Protocol, TurnsAnExceptionIntoInternal) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Throw", "")});
  const OwnedFrame reply = client.NextAfterHello();
  EXPECT_TRUE(absl::IsInternal(reply.status));
  EXPECT_THAT(std::string(reply.status.message()), Not(HasSubstr("a bad day")));
}

TEST_F(Protocol, RunsBlockingWorkOnAWorker) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Block", "hi")});
  EXPECT_EQ(client.NextAfterHello().payload, "hi from a worker");
}

TEST_F(Protocol, StreamsRepliesWithinTheCredit) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Forever", "")});
  // 64 KiB of credit, 1,032 for each message: the 64th takes what is left.
  for (int i = 0; i < 64; ++i) EXPECT_EQ(client.NextAfterHello().kind, FrameKind::kMessage);
  client.Send({Encode({.kind = FrameKind::kPing}, "still there?")});
  EXPECT_EQ(client.NextAfterHello().kind, FrameKind::kPong);
  client.Send({Encode({.kind = FrameKind::kCredit, .call_id = 1, .credit = 2000})});
  EXPECT_EQ(client.NextAfterHello().kind, FrameKind::kMessage);
}

TEST_F(Protocol, EndsAStreamWithTheStatusThatWasYielded) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/FailAfterTwo", "")});
  EXPECT_EQ(client.NextAfterHello().kind, FrameKind::kMessage);
  EXPECT_EQ(client.NextAfterHello().kind, FrameKind::kMessage);
  const OwnedFrame end = client.NextAfterHello();
  EXPECT_EQ(end.kind, FrameKind::kResponse);
  EXPECT_TRUE(absl::IsDataLoss(end.status));
}

TEST_F(Protocol, ReadsAStreamOfRequests) {
  WireClient client = Connect();
  client.Send({EncodedHello(), Opening(1, "test.v1.Test/Concat"), Message(1, "a"), Message(1, ""),
               Message(1, "c"), HalfClose(1)});
  EXPECT_EQ(client.NextAfterHello().payload, "a,,c,");
}

TEST_F(Protocol, GivesCreditBackAsRequestsAreRead) {
  WireClient client = Connect();
  client.Send({EncodedHello(), Opening(1, "test.v1.Test/Concat")});
  const std::string part(40'000, 'p');
  for (int i = 0; i < 4; ++i) client.Send({Message(1, part)});
  const OwnedFrame credit = client.NextAfterHello();
  EXPECT_EQ(credit.kind, FrameKind::kCredit);
  EXPECT_EQ(credit.credit, 4u * 40'032);
}

TEST_F(Protocol, AnswersABidirectionalStreamAsItGoes) {
  WireClient client = Connect();
  client.Send({EncodedHello(), Opening(1, "test.v1.Test/Chat"), Message(1, "one")});
  EXPECT_EQ(client.NextAfterHello().payload, "re: one");
  client.Send({Message(1, "two"), HalfClose(1)});
  EXPECT_EQ(client.NextAfterHello().payload, "re: two");
  EXPECT_EQ(client.NextAfterHello().kind, FrameKind::kResponse);
}

TEST_F(Protocol, PutsASplitRequestTogether) {
  WireClient client = Connect();
  const std::string half(50'000, 'h');
  client.Send({EncodedHello(), Encode({.kind = FrameKind::kRequest,
                                       .call_id = 1,
                                       .flags = wire::kEnd | wire::kMore,
                                       .method = "test.v1.Test/Echo",
                                       .message_size = 100'000},
                                      half)});
  client.Send({EncodedRequest(2, "test.v1.Test/Echo", "in between")});
  EXPECT_EQ(client.NextAfterHello().payload, "in between");
  client.Send({Encode({.kind = FrameKind::kRequest, .call_id = 1, .flags = wire::kEnd}, half)});
  std::string reply;
  OwnedFrame frame;
  do {
    frame = client.NextAfterHello();
    reply += frame.payload;
  } while ((frame.flags & wire::kMore) != 0);
  EXPECT_EQ(reply, half + half);
}

TEST_F(Protocol, CancelStopsTheHandlerAndEndsTheCall) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Wait", "")});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  client.Send({Cancel(1)});
  EXPECT_TRUE(absl::IsCancelled(client.NextAfterHello().status));
  EXPECT_TRUE(service_.stopped.WaitFor(1));
}

TEST_F(Protocol, CancelDestroysAHandlerThatWaitsInAYield) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Forever", "")});
  EXPECT_EQ(client.NextAfterHello().kind, FrameKind::kMessage);
  client.Send({Cancel(1)});
  EXPECT_TRUE(service_.stopped.WaitFor(1));
}

TEST_F(Protocol, CancelWakesAHandlerThatReads) {
  WireClient client = Connect();
  client.Send({EncodedHello(), Opening(1, "test.v1.Test/Concat"), Cancel(1)});
  EXPECT_TRUE(absl::IsCancelled(client.NextAfterHello().status));
  EXPECT_TRUE(service_.stopped.WaitFor(1));
}

TEST_F(Protocol, DisconnectStopsTheHandler) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Wait", "")});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  client.Close();
  EXPECT_TRUE(service_.stopped.WaitFor(1));
}

TEST_F(Protocol, DeadlineStopsTheHandlerAndNamesTheTime) {
  WireClient client = Connect();
  client.Send({EncodedHello(), Encode({.kind = FrameKind::kRequest,
                                       .call_id = 1,
                                       .flags = wire::kEnd,
                                       .method = "test.v1.Test/Wait",
                                       .timeout_us = 20'000})});
  const OwnedFrame reply = client.NextAfterHello();
  EXPECT_TRUE(absl::IsDeadlineExceeded(reply.status));
  EXPECT_EQ(std::string(reply.status.message()),
            "the deadline has passed while handling test.v1.Test/Wait, after 20 ms");
  EXPECT_TRUE(service_.stopped.WaitFor(1));
}

TEST_F(Protocol, DeadlineOfARequestThatIsNotWholeNamesThatPhase) {
  WireClient client = Connect();
  client.Send({EncodedHello(), Encode({.kind = FrameKind::kRequest,
                                       .call_id = 1,
                                       .flags = wire::kEnd | wire::kMore,
                                       .method = "test.v1.Test/Echo",
                                       .timeout_us = 20'000,
                                       .message_size = 1000},
                                      "part")});
  const OwnedFrame reply = client.NextAfterHello();
  EXPECT_TRUE(absl::IsDeadlineExceeded(reply.status)) << reply.status;
  EXPECT_EQ(
      reply.status.message(),
      "the deadline has passed while receiving the request of test.v1.Test/Echo, after 20 ms");
}

TEST_F(Protocol, LateFramesOfAnEndedCallAreIgnored) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "x"), Cancel(1),
               Message(1, "late"), Encode({.kind = FrameKind::kCredit, .call_id = 1, .credit = 5}),
               EncodedRequest(2, "test.v1.Test/Echo", "y")});
  EXPECT_EQ(client.NextAfterHello().payload, "x");
  EXPECT_EQ(client.NextAfterHello().payload, "y");
}

TEST_F(Protocol, UnknownMethodAndServiceEndOnlyTheirCall) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/None", ""),
               EncodedRequest(2, "no.Service/None", ""),
               EncodedRequest(3, "test.v1.Test/Echo", "fine")});
  EXPECT_TRUE(absl::IsUnimplemented(client.NextAfterHello().status));
  EXPECT_TRUE(absl::IsUnimplemented(client.NextAfterHello().status));
  EXPECT_EQ(client.NextAfterHello().payload, "fine");
}

TEST_F(Protocol, AWrongMethodTypeEndsOnlyItsCall) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Concat", ""),
               Opening(2, "test.v1.Test/Echo"), EncodedRequest(3, "test.v1.Test/Echo", "fine")});
  EXPECT_TRUE(absl::IsInvalidArgument(client.NextAfterHello().status));
  EXPECT_TRUE(absl::IsInvalidArgument(client.NextAfterHello().status));
  EXPECT_EQ(client.NextAfterHello().payload, "fine");
}

TEST_F(Protocol, AnnouncedMessageAboveTheLimitEndsOnlyItsCall) {
  WireClient client = Connect();
  client.Send({EncodedHello(),
               Encode({.kind = FrameKind::kRequest,
                       .call_id = 1,
                       .flags = wire::kEnd | wire::kMore,
                       .method = "test.v1.Test/Echo",
                       .message_size = 5'000'000},
                      "begin"),
               EncodedRequest(2, "test.v1.Test/Echo", "fine")});
  const OwnedFrame refused = client.NextAfterHello();
  EXPECT_TRUE(absl::IsResourceExhausted(refused.status));
  EXPECT_THAT(std::string(refused.status.message()), HasSubstr("5000000"));
  EXPECT_THAT(std::string(refused.status.message()), HasSubstr("4194304"));
  EXPECT_EQ(client.NextAfterHello().payload, "fine");
  client.Send({Encode({.kind = FrameKind::kRequest, .call_id = 1, .flags = wire::kEnd}, "rest"),
               EncodedRequest(3, "test.v1.Test/Echo", "still fine")});
  EXPECT_EQ(client.NextAfterHello().payload, "still fine");
}

TEST_F(Protocol, ReplyAboveTheClientsLimitEndsOnlyItsCall) {
  WireClient client = Connect();
  client.Send({EncodedHello({.max_packet_bytes = 65536,
                             .max_message_bytes = 65536,
                             .max_calls = 100,
                             .max_metadata_bytes = 8192,
                             .initial_credit = 65536}),
               EncodedRequest(1, "test.v1.Test/Big", "65537")});
  const OwnedFrame reply = client.NextAfterHello();
  EXPECT_TRUE(absl::IsResourceExhausted(reply.status));
  EXPECT_THAT(std::string(reply.status.message()), HasSubstr("65537"));
  client.Send({EncodedRequest(2, "test.v1.Test/Big", "60000")});
  EXPECT_EQ(client.NextAfterHello().payload.size(), 60'000u);
}

TEST_F(Protocol, MessageWithoutCreditEndsTheCall) {
  WireClient client = Connect();
  client.Send({EncodedHello(), Opening(1, "test.v1.Test/Chat")});
  // Nobody reads the replies, so the handler stops to read, and credit runs out.
  const std::string part(60'000, 'p');
  absl::Status status;
  for (int i = 0; i < 12; ++i) client.Send({Message(1, part)});
  for (;;) {
    const OwnedFrame frame = client.NextAfterHello();
    if (frame.kind != FrameKind::kResponse) continue;
    status = frame.status;
    break;
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
}

// The rest of the message never comes.
TEST_F(Protocol, TheFirstFrameOfAMessageWithoutCreditEndsTheCall) {
  WireClient client = Connect();
  client.Send({EncodedHello(), Opening(1, "test.v1.Test/ReadLate")});
  const std::string part(60'000, 'p');
  for (int i = 0; i < 5; ++i) client.Send({Message(1, part)});  // All the credit.
  client.Send({Encode({.kind = FrameKind::kMessage,
                       .call_id = 1,
                       .flags = wire::kMore,
                       .message_size = 2 * part.size()},
                      part),
               Encode({.kind = FrameKind::kPing})});
  EXPECT_EQ(client.NextAfterHello().kind, FrameKind::kPong);
  service_.release.Set();
  const OwnedFrame frame = client.NextAfterHello();
  EXPECT_TRUE(absl::IsResourceExhausted(frame.status)) << frame.status;
  EXPECT_THAT(std::string(frame.status.message()),
              HasSubstr("120000 bytes was sent without credit"));
}

TEST_F(Protocol, WrongMagicIsRefused) {
  ExpectGoaway({EncodedHello({.magic = 0x12345678,
                              .max_packet_bytes = 65536,
                              .max_message_bytes = 65536,
                              .max_calls = 16,
                              .max_metadata_bytes = 8192,
                              .initial_credit = 65536})},
               "magic");
}

TEST_F(Protocol, VersionsWithNothingInCommonAreRefused) {
  WireClient client = Connect();
  client.Send({EncodedHello({.min_version = 7,
                             .max_version = 9,
                             .max_packet_bytes = 65536,
                             .max_message_bytes = 65536,
                             .max_calls = 16,
                             .max_metadata_bytes = 8192,
                             .initial_credit = 65536})});
  const absl::Status reason = client.Goaway();
  EXPECT_TRUE(absl::IsFailedPrecondition(reason)) << reason;
  EXPECT_THAT(std::string(reason.message()), HasSubstr("7"));
  ExpectServerLives();
}

TEST_F(Protocol, NoHelloFirstIsRefused) {
  ExpectGoaway({EncodedRequest(1, "test.v1.Test/Echo", "x")}, "Hello");
}

TEST_F(Protocol, GarbageIsRefused) { ExpectGoaway({"GET / HTTP/1.1\r\n\r\n"}, ""); }

TEST_F(Protocol, LyingLengthIsRefused) {
  std::string lie = EncodedRequest(1, "test.v1.Test/Echo", "four");
  lie[lie.size() - 8] = 100;  // The payload's length.
  ExpectGoaway({EncodedHello(), lie}, "100");
}

TEST_F(Protocol, ReusedCallIdIsRefused) {
  ExpectGoaway({EncodedHello(), EncodedRequest(5, "test.v1.Test/Echo", ""),
                EncodedRequest(5, "test.v1.Test/Echo", "")},
               "call id 5");
}

TEST_F(Protocol, FrameForACallThatNeverBeganIsRefused) {
  ExpectGoaway({EncodedHello(), Cancel(3)}, "never begun");
}

TEST_F(Protocol, UnknownKindIsRefusedUnlessOptional) {
  WireClient client = Connect();
  client.Send({EncodedHello(),
               Encode({.kind = static_cast<FrameKind>(77), .flags = wire::kOptional}, "new"),
               EncodedRequest(1, "test.v1.Test/Echo", "fine")});
  EXPECT_EQ(client.NextAfterHello().payload, "fine");
  ExpectGoaway({EncodedHello(), Encode({.kind = static_cast<FrameKind>(77)})}, "77");
}

TEST_F(Protocol, MessageAfterTheLastOneIsRefused) {
  ExpectGoaway({EncodedHello(), EncodedRequest(1, "test.v1.Test/Wait", ""), Message(1, "more")},
               "after its last");
}

TEST_F(Protocol, PayloadOfARequestThatOpensAStreamIsRefused) {
  ExpectGoaway(
      {EncodedHello(),
       Encode({.kind = FrameKind::kRequest, .call_id = 1, .method = "test.v1.Test/Chat"}, "early")},
      "no END flag");
}

TEST_F(Protocol, PeerIsWhoTheKernelSays) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Peer", "")});
  const Peer self = transport::OwnPeer();
  EXPECT_EQ(client.NextAfterHello().payload, self.user + " " + std::to_string(self.pid));
}

}  // namespace
}  // namespace piperpc::testing
