#include <gtest/gtest.h>

#include "cost/allocation_counter.h"
#include "src/connection/outbox.h"

namespace piperpc {
namespace {

class SinkPipe final : public transport::Pipe {
 public:
  void Attach(transport::EventLoop&, Delegate&) override {}
  void Receive() override {}
  absl::StatusOr<transport::SendResult> Send(std::span<const transport::Bytes>) override {
    ++sends;
    return transport::SendResult::kSent;
  }
  absl::StatusOr<std::size_t> ReceiveUntil(std::span<char>, base::TimePoint) override { return 0; }
  void Close(transport::CloseMode, absl::AnyInvocable<void()> closed) override { closed(); }
  const Peer& peer() const override { return peer_; }

  int sends = 0;

 private:
  Peer peer_;
};

// Sends 64 replies as a server's turn does.
void RunTurn(connection::Outbox& outbox, SinkPipe& pipe, const RawMessage& reply) {
  wire::FrameHeader header;
  header.kind = wire::FrameKind::kResponse;
  for (header.call_id = 1; header.call_id <= 64; ++header.call_id) {
    outbox.AddMessage(header, internal::OutMessage::Of(reply));
  }
  ASSERT_TRUE(outbox.Flush(pipe).ok());
}

void ExpectNoAllocationWhenWarm(connection::Outbox& outbox) {
  const RawMessage reply{std::string(100, 'x')};
  SinkPipe pipe;
  RunTurn(outbox, pipe, reply);
  RunTurn(outbox, pipe, reply);
  pipe.sends = 0;
  const std::size_t before = testing::AllocationsOfThisThread();
  for (int turn = 0; turn < 10; ++turn) RunTurn(outbox, pipe, reply);
  EXPECT_EQ(testing::AllocationsOfThisThread() - before, 0u);
  EXPECT_EQ(pipe.sends, 10);
}

TEST(OutboxAllocationTest, AWarmOutboxAllocatesNothing) {
  connection::LargeBufferPool large;
  const connection::BufferSource buffers{nullptr, &large};
  connection::Outbox outbox(buffers);
  ExpectNoAllocationWhenWarm(outbox);
}

TEST(OutboxAllocationTest, NorDoesOneWithAPool) {
  connection::BufferPool pool;
  connection::LargeBufferPool large;
  const connection::BufferSource buffers{&pool, &large};
  connection::Outbox outbox(buffers);
  ExpectNoAllocationWhenWarm(outbox);
}

TEST(OutboxAllocationTest, AnIdleOutboxIsSmall) {
  const std::size_t before = testing::AllocationsOfThisThread();
  connection::BufferPool pool;
  connection::LargeBufferPool large;
  const connection::BufferSource buffers{&pool, &large};
  connection::Outbox outbox(buffers);
  EXPECT_EQ(testing::AllocationsOfThisThread() - before, 0u);
  EXPECT_LE(sizeof(connection::Outbox), 320u);
}

}  // namespace
}  // namespace piperpc
