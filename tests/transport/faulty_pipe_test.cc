// The pipes that go wrong do so as they were told.
#include "support/faulty_pipe.h"

#include "fixture.h"

namespace piperpc::transport {
namespace {

class FaultyPipeTest : public TransportTest {
 protected:
  // The client's end is the faulty one.
  Ends NewFaultyEnds(const Faults& faults) {
    if (server_ == nullptr) Listen();
    Ends ends;
    ends.client = std::make_unique<End>(NewFaultyPipe(Connect(), faults));
    ends.server = std::make_unique<End>(server_->acceptor().WaitPipe());
    return ends;
  }
};

TEST_P(FaultyPipeTest, SpoilThePacketsTheyAreToldTo) {
  Ends ends = NewFaultyEnds({.truncate_sent = 1,
                             .corrupt_sent = 2,
                             .fail_send = 3,
                             .truncate_received = 1,
                             .corrupt_received = 2,
                             .drop_after = 2});
  for (int i = 0; i < 2; ++i) {
    ends.client->MustSend("packet");
    ends.server->MustSend("packet");
  }
  EXPECT_EQ(ends.client->Send("packet").status().code(), absl::StatusCode::kUnavailable);
  for (End* end : {ends.client.get(), ends.server.get()}) {
    EXPECT_EQ(*end->ReceiveUntil(Soon()), "packe");
    const std::string corrupt = *end->ReceiveUntil(Soon());
    EXPECT_EQ(corrupt.size(), 6u);
    EXPECT_NE(corrupt, "packet");
  }
  EXPECT_EQ(ends.client->ReceiveUntil(Soon()).status().code(), absl::StatusCode::kUnavailable);
}

TEST_P(FaultyPipeTest, DropTheConnectionOnTheLoop) {
  Ends ends = NewFaultyEnds({.drop_after = 1});
  ends.client->Attach(*client_loop_);
  ends.server->MustSend("one");
  ends.server->MustSend("two");
  ends.client->ReceiveAll();
  EXPECT_EQ(ends.client->WaitPacket(), "one");
  EXPECT_EQ(ends.client->WaitError().code(), absl::StatusCode::kUnavailable);
  ends.client->Close();
}

TEST_P(FaultyPipeTest, LetEverySendBePending) {
  Ends ends =
      NewFaultyEnds({.every_send_pending = true, .send_delay = std::chrono::milliseconds(1)});
  ends.client->Attach(*client_loop_);
  for (const char* packet : {"one", "two"}) {
    EXPECT_EQ(ends.client->MustSend(packet), SendResult::kPending);
    EXPECT_TRUE(ends.client->WaitSent().ok());
    EXPECT_EQ(*ends.server->ReceiveUntil(Soon()), packet);
  }
  EXPECT_EQ(ends.client->MustSend("last"), SendResult::kPending);
  ends.client->Close();  // Nobody is told of the last one.
}

PIPERPC_FOR_EACH_TRANSPORT(FaultyPipeTest);

}  // namespace
}  // namespace piperpc::transport
