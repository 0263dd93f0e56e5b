// What the kernel says of a peer, and what it does not.
#include <gtest/gtest.h>
#include <sched.h>

#include "child_process_linux.h"
#include "harness.h"
#include "src/transport/linux/peer.h"

namespace piperpc::transport {
namespace {

TEST(PeerTest, HasNoPidWhenTheKernelHasNone) {
  EXPECT_EQ(ToPeer({.pid = 0, .uid = 1, .gid = 2}).pid, -1);
  EXPECT_EQ(ToPeer({.pid = 7, .uid = 1, .gid = 2}).pid, 7);
}

TEST(PeerTest, HasNoPidWhenItsNamespaceCannotBeSeenFromHere) {
  if (!InChild([] { return ::unshare(CLONE_NEWPID) == 0; })) {
    GTEST_SKIP() << "a pid namespace of one's own is refused here";
  }
  const ScratchFolder folder;
  Transport& transport = **SystemTransport("epoll");
  LoopThread loop(transport);
  loop.Start();
  Server server(transport, loop, folder.endpoint());
  ASSERT_TRUE(server.status().ok()) << server.status();
  EXPECT_TRUE(InChild([&] {
    return ::unshare(CLONE_NEWPID) == 0 && InChild([&] {
             const auto pipe = transport.Connect(folder.endpoint(), {.deadline = Soon()});
             return pipe.ok() && (*pipe)->peer().pid == -1;
           });
  }));
}

}  // namespace
}  // namespace piperpc::transport
