// What readers of streams hold while they wait for the next message.
#include <unistd.h>

#include <cstddef>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "piperpc/async.h"
#include "piperpc/in_process.h"
#include "piperpc/raw_client.h"
#include "piperpc/raw_service.h"
#include "piperpc/server.h"
#include "support/journal.h"

namespace piperpc {
namespace {

constexpr std::size_t kLarge = 4'000'000;
constexpr std::size_t kReaders = 32;

std::size_t ResidentBytes() {
  std::ifstream statm("/proc/self/statm");
  std::size_t all = 0;
  std::size_t resident = 0;
  statm >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

// A large message, and then none for long.
Stream<RawMessage> OneAndWait(ServerContext& context) {
  {
    const RawMessage large(std::string(kLarge, 'x'));
    co_yield large;
  }
  AsyncEvent never;
  co_await never.Wait(context.stop_token());
}

TEST(IdleReaderTest, HoldsNothingOfTheMessageThatItHasRead) {
  const auto in_process = NewInProcessTransport();
  RawService service("idle.v1.Idle");
  service.AddServerStreaming(
      "One", [](ServerContext& context, RawMessage) { return OneAndWait(context); });
  Server server({.transport = in_process.get()});
  ASSERT_TRUE(server.AddService(service).ok());
  ASSERT_TRUE(server.Start("idle").ok());
  const auto channel = Connect("idle", {.transport = in_process.get()});
  const RawClient client(channel);
  testing::Journal journal;
  std::vector<PendingCall> calls;
  const std::size_t before = ResidentBytes();
  for (std::size_t i = 0; i < kReaders; ++i) {
    calls.push_back(client.ServerStreamingAsync(
        "idle.v1.Idle/One", {}, {},
        [&journal](const RawMessage& message) {
          journal.Add(std::to_string(message.bytes.size()));
        },
        nullptr));
    ASSERT_EQ(journal.Lines(i + 1).size(), i + 1);
  }
  EXPECT_LT(ResidentBytes(), before + kReaders * kLarge / 2);
  for (PendingCall& call : calls) call.Cancel();
}

}  // namespace
}  // namespace piperpc
