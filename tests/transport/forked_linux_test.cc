// Pipes whose sockets a forked child has as well.
#include <string>

#include "child_process_linux.h"
#include "fixture.h"

namespace piperpc::transport {
namespace {

class ForkedPipes : public TransportTest {
 protected:
  // What was sent arrives, and then the end.
  void ExpectRestAndEnd(End& end) {
    end.ReceiveAll();
    EXPECT_EQ(end.WaitPacket(), "last words");
    EXPECT_TRUE(absl::IsUnavailable(end.WaitError()));
  }
};

TEST_P(ForkedPipes, EndForThePeerWhenTheirOwnerClosesThem) {
  Ends ends = NewAttachedEnds();
  const ChildProcess child([](const auto& ready) { ready(); });
  ASSERT_TRUE(child.ready());
  ends.client->MustSend("last words");
  ends.client->Close();
  ExpectRestAndEnd(*ends.server);
  ends.server->Close();
}

TEST_P(ForkedPipes, EndForThePeerWhenTheirOwnerClosesThemWithoutALoop) {
  Ends ends = NewEnds();
  ends.server->Attach(*server_loop_);
  const ChildProcess child([](const auto& ready) { ready(); });
  ASSERT_TRUE(child.ready());
  ends.client->MustSend("last words");
  ends.client.reset();
  ExpectRestAndEnd(*ends.server);
  ends.server->Close();
}

TEST_P(ForkedPipes, GoOnWhenTheChildLetsGoOfThem) {
  Ends ends = NewEnds();
  ends.server->Attach(*server_loop_);
  ASSERT_TRUE(InChild([&] {
    ends.client.reset();
    return true;
  }));
  ends.client->MustSend("hello");
  ends.server->Receive();
  EXPECT_EQ(ends.server->WaitPacket(), "hello");
  ends.server->Close();
}

INSTANTIATE_TEST_SUITE_P(On, ForkedPipes, ::testing::Values("epoll", "io_uring"),
                         [](const auto& test) { return test.param; });

}  // namespace
}  // namespace piperpc::transport
