#include <gtest/gtest.h>
#include <sys/resource.h>

#include <chrono>
#include <future>

#include "services/auth/hash_queue.h"

namespace services {
namespace {

TEST(HashQueue, LetsOtherThreadsOfABusyMachineGoFirst) {
  HashQueue queue(1, 0);
  std::promise<int> nice;
  std::future<int> got = nice.get_future();
  ASSERT_TRUE(queue.Run("uid:0", [&] { nice.set_value(getpriority(PRIO_PROCESS, 0)); }).ok());
  ASSERT_EQ(got.wait_for(std::chrono::seconds(20)), std::future_status::ready);
  EXPECT_GE(got.get(), 10);
}

}  // namespace
}  // namespace services
