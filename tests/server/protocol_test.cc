// What the server does with the frames of a client. Bad ones are for tests/conformance.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "piperpc/peer.h"
#include "server/server_fixture.h"
#include "support/call_frames.h"
#include "support/eventually.h"

namespace piperpc::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;
using wire::FrameKind;

class Protocol : public ServerFixture {
 protected:
  void SetUp() override { Start(); }
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

TEST_F(Protocol, PeerIsWhoTheKernelSays) {
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Peer", "")});
  const Peer self = OwnPeer();
  EXPECT_EQ(client.NextAfterHello().payload, self.user + " " + std::to_string(self.pid));
}

using Goaways = ServerFixture;

// With an open stream, whose handler reads, and a call behind the goaway, which is not answered.
TEST_F(Goaways, WithAStatusEndTheConnectionAtOnce) {
  Start();
  WireClient client = Connect();
  client.Send({EncodedHello(), Opening(1, "test.v1.Test/Concat"), Message(1, "part")});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  const std::string goaway =
      Encode({.kind = FrameKind::kGoaway}, wire::EncodeGoaway({absl::InternalError("x"), 0}));
  client.Send({goaway + EncodedRequest(2, "test.v1.Test/Stubborn", "")});
  EXPECT_TRUE(service_.stopped.WaitFor(1));
  absl::StatusOr<OwnedFrame> frame = client.Next();
  for (; frame.ok(); frame = client.Next()) EXPECT_NE(frame->call_id, 2u);
  EXPECT_TRUE(absl::IsUnavailable(frame.status())) << frame.status();
  EXPECT_EQ(service_.entered.count(), 1);  // By the first one alone.
}

// The client has left so much unread that the goaway cannot follow it into the pipe.
TEST_F(Goaways, ThatCannotBeSentAreNotWaitedForForEver) {
  Start({.output_queue_bytes = 64 * 1024 * 1024});  // It goes on reading.
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Big", "4000000")});
  ASSERT_TRUE(service_.entered.WaitFor(1));
  {
    WireClient other = Connect();  // Is served once all is sent of the reply that the pipe takes.
    other.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "served")});
    EXPECT_EQ(other.NextAfterHello().payload, "served");
  }
  client.Send({Cancel(9)});  // Of a call that was never begun.
  EXPECT_TRUE(Eventually([this] { return server_->stats().connections == 0; }));
  absl::StatusOr<OwnedFrame> frame = client.Next();
  for (; frame.ok(); frame = client.Next()) EXPECT_NE(frame->kind, FrameKind::kGoaway);
}

}  // namespace
}  // namespace piperpc::testing
