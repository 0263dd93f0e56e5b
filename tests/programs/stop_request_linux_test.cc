#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>

#include "support/descriptor_limit_linux.h"
#include "tools/piperpcd/stop_request.h"

namespace piperpc::daemon {
namespace {

using piperpc::testing::NoDescriptors;

TEST(StopRequestLinuxTest, ASignalThatCameBeforeTheWaitEndsIt) {
  for (const char* word : {"", "fim"}) {
    StopRequest request;
    kill(getpid(), SIGHUP);
    EXPECT_EQ(request.Wait(word).text, "SIGHUP");
  }
}

// Without descriptors poll(2) fails, at every try.
TEST(StopRequestLinuxTest, ASignalEndsTheWaitWhenTheSystemGivesNoDescriptors) {
  for (const char* word : {"", "fim"}) {
    const NoDescriptors none;
    StopRequest request;
    kill(getpid(), SIGTERM);
    EXPECT_EQ(request.Wait(word).text, "SIGTERM");
  }
}

}  // namespace
}  // namespace piperpc::daemon
