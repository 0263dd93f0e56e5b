#include "src/base/process.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

namespace piperpc {
namespace {

TEST(ProcessMarkTest, IsClaimedByAllThreadsThatBeginTogether) {
  constexpr int kThreads = 4;
  constexpr int kRounds = 20'000;
  std::vector<base::ProcessMark> marks(kRounds);
  std::atomic<int> refused = 0;
  std::atomic<int> arrived = 0;
  std::vector<std::jthread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        ++arrived;
        while (arrived < kThreads * (round + 1)) std::this_thread::yield();
        if (!marks[round].Claim()) ++refused;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(refused, 0);
}

}  // namespace
}  // namespace piperpc
