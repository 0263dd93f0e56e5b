// The end of a pipe, from either side.
#include "fixture.h"

namespace piperpc::transport {
namespace {

using CloseTest = TransportTest;

TEST_P(CloseTest, EndsOperationsThatAreOutstandingSilently) {
  Ends ends = NewAttachedEnds();
  ends.client->Receive();
  const std::string packet = Pattern(64 * 1024);
  while (ends.client->MustSend(packet) == SendResult::kSent) {
  }
  ends.client->Close();  // Any callback after this is a failure; see End.
  client_loop_->Do([] {});
  EXPECT_EQ(ends.client->sent(), 0);
  EXPECT_EQ(ends.client->errors(), 0);
  ends.server->Close();
}

TEST_P(CloseTest, FromInsideOnReceiveIsAllowed) {
  Ends ends = NewEnds();
  Monitor monitor;
  bool closed = false;
  End& server = *ends.server;
  server.on_receive = [&](Bytes) {
    server.pipe().Close(CloseMode::kAbort, [&] { monitor.Change([&] { closed = true; }); });
  };
  // Not by End::Attach(): this test closes the pipe itself.
  server.pipe().Attach(server_loop_->loop(), server);
  server_loop_->Do([&] { server.pipe().Receive(); });
  ends.client->MustSend("last");
  EXPECT_TRUE(monitor.WaitFor([&] { return closed; }));
}

// What a server goes by that need not wait for an idle client. False is always right.
TEST_P(CloseTest, WaitsForNothingThatWasRead) {
  Ends ends = NewEnds();
  ASSERT_EQ(ends.server->MustSend("last words"), SendResult::kSent);
  EXPECT_FALSE(ends.server->pipe().AllRead());
  EXPECT_EQ(*ends.client->ReceiveUntil(Soon()), "last words");
  const bool knows = GetParam() == "epoll" || GetParam() == "io_uring";
  EXPECT_EQ(ends.server->pipe().AllRead(), knows);
}

TEST_P(CloseTest, OfThePeerIsToldOnceAfterAllThatItSent) {
  Ends ends = NewAttachedEnds();
  for (int i = 0; i < 5; ++i) ends.server->MustSend(std::to_string(i));
  ends.server->Close();
  ends.client->ReceiveAll();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(ends.client->WaitPacket(), std::to_string(i));
  EXPECT_EQ(ends.client->WaitError().code(), absl::StatusCode::kUnavailable);
  client_loop_->Do([] {});
  EXPECT_EQ(ends.client->errors(), 1);
  EXPECT_EQ(ends.client->Send("x").status().code(), absl::StatusCode::kUnavailable);
  ends.client->Close();
}

TEST_P(CloseTest, OfThePeerEndsReceiveUntil) {
  Ends ends = NewEnds();
  ends.server->MustSend("bye");
  ends.server->Close();
  EXPECT_EQ(*ends.client->ReceiveUntil(Soon()), "bye");
  EXPECT_EQ(ends.client->ReceiveUntil(Soon()).status().code(), absl::StatusCode::kUnavailable);
}

TEST_P(CloseTest, OfThePeerIsToldWhileAReceiveWaits) {
  Ends ends = NewAttachedEnds();
  ends.client->Receive();
  ends.server->Close();
  EXPECT_EQ(ends.client->WaitError().code(), absl::StatusCode::kUnavailable);
  ends.client->Close();
}

TEST_P(CloseTest, WithDrainDeliversTheLastPacketAlthoughInputIsUnread) {
  Ends ends = NewAttachedEnds();
  for (int i = 0; i < 10; ++i) ends.client->MustSend("never read");
  ends.server->MustSend("the reason why");
  std::thread reader([&] {
    EXPECT_EQ(*ends.client->ReceiveUntil(Soon()), "the reason why");
    EXPECT_EQ(ends.client->ReceiveUntil(Soon()).status().code(), absl::StatusCode::kUnavailable);
    ends.client->Close();
  });
  ends.server->Close(CloseMode::kDrain);
  reader.join();
}

TEST_P(CloseTest, WithDrainDoesNotWaitForEverForAPeerThatStays) {
  Ends ends = NewAttachedEnds();
  ends.server->Receive();
  ends.server->Close(CloseMode::kDrain);
  ends.client->Close();
}

TEST_P(CloseTest, WithDrainWorksOnADetachedPipe) {
  Ends ends = NewEnds();
  ends.client->MustSend("never read");
  ends.server->MustSend("the reason why");
  std::thread reader([&] {
    EXPECT_EQ(*ends.client->ReceiveUntil(Soon()), "the reason why");
    ends.client->Close();
  });
  ends.server->Close(CloseMode::kDrain);
  reader.join();
}

TEST_P(CloseTest, WithoutDrainStillDeliversWhatWasSentToAReader) {
  Ends ends = NewAttachedEnds();
  ends.client->MustSend("never read");
  ends.server->MustSend("the reason why");
  ends.server->Close();
  ends.client->Receive();
  EXPECT_EQ(ends.client->WaitPacket(), "the reason why");
  ends.client->Close();
}

TEST_P(CloseTest, OfManyPipesInEveryStateLeavesNothingBehind) {
  std::vector<Ends> all;
  for (int i = 0; i < 50; ++i) all.push_back(NewAttachedEnds());
  for (Ends& ends : all) {
    ends.server->ReceiveAll();
    ends.client->MustSend("x");
  }
  for (Ends& ends : all) ends.client->Close();
  for (Ends& ends : all) EXPECT_EQ(ends.server->WaitError().code(), absl::StatusCode::kUnavailable);
  for (Ends& ends : all) ends.server->Close();
}

PIPERPC_FOR_EACH_TRANSPORT(CloseTest);

}  // namespace
}  // namespace piperpc::transport
