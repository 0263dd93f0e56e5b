// The code of docs/client-policy.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <iostream>
#include <mutex>
#include <string>
#include <vector>

#include "in.piperpc.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"
#include "support/eventually.h"

namespace {

using piperpc::testing::Eventually;
using piperpc::testing::InProcessServer;
using piperpc::testing::IsOk;
using piperpc::testing::kTooLong;
using policies::v1::Item;
using policies::v1::StoreClient;
using policies::v1::StoreService;
using namespace std::chrono_literals;

class Store final : public StoreService {
  absl::StatusOr<Item> Get(piperpc::ServerContext&, const Item& item) override { return item; }
};

// OK when the server takes calls; DEADLINE_EXCEEDED when it has not for `limit` in one state.
absl::Status WaitForReady(piperpc::Channel& channel, std::chrono::milliseconds limit) {
  auto state = channel.state().state;
  while (state != piperpc::ChannelState::kReady) {
    const absl::Status changed = channel.WaitForStateChange(state, limit);
    if (!changed.ok()) return changed;
    state = channel.state().state;
  }
  return absl::OkStatus();
}

TEST(ClientPolicySample, PoliciesAreSetInCode) {
  piperpc::ChannelOptions options;
  options.retry.policies["policies.v1.StoreService/Add"] = {.max_attempts = 1};  // Never.
  options.retry.policies["policies.v1.StoreService"] = {.max_attempts = 5, .max_backoff = 200ms};
  options.retry.policies[""] = {.max_attempts = 2};

  Store service;
  InProcessServer server(service);
  StoreClient store(server.NewChannel(options));
  const Item request;
  int attempts = 0;
  const auto item = store.Get(request, {.timeout = 2s, .attempts = &attempts});
  if (attempts > 1) std::cerr << "Get took " << attempts << " attempts: " << item.status() << "\n";
  EXPECT_GE(attempts, 1);
}

TEST(ClientPolicySample, StatesAreWatched) {
  Store service;
  InProcessServer server(service);
  const auto channel = server.channel();
  std::mutex mutex;
  std::vector<std::string> shown;
  const auto Show = [&](const auto& what) {
    const std::lock_guard lock(mutex);
    std::ostringstream text;
    text << what;
    shown.push_back(text.str());
  };
  const piperpc::StateWatch watch = channel->WatchState([&](const piperpc::ChannelStatus& status) {
    if (status.state == piperpc::ChannelState::kTransientFailure) Show(status.reason);
    if (status.state == piperpc::ChannelState::kReady) Show("connected");
  });
  auto ready = std::async(std::launch::async, [&] { return WaitForReady(*channel, kTooLong); });
  EXPECT_THAT(channel->WaitUntilReady(kTooLong), IsOk());
  EXPECT_THAT(ready.get(), IsOk());
  EXPECT_TRUE(Eventually([&] {
    const std::lock_guard lock(mutex);
    return shown == std::vector<std::string>{"connected"};
  }));
}

}  // namespace
