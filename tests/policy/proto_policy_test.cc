// The policies that a .proto has, in the clients that are generated of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "in.piperpc.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"

namespace piperpc::testing {
namespace {

using absl::StatusCode;
using policies::v1::Item;
using policies::v1::StoreClient;
using policies::v1::StoreService;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

// Fails so many times before each success.
class FlakyStore final : public StoreService {
 public:
  std::atomic<int> failures = 0;
  std::atomic<int> runs = 0;

 private:
  absl::StatusOr<Item> Get(ServerContext&, const Item& item) override { return Run(item); }
  absl::StatusOr<Item> Put(ServerContext&, const Item& item) override { return Run(item); }
  absl::StatusOr<Item> Add(ServerContext&, const Item& item) override { return Run(item); }
  absl::Status List(ServerContext&, const Item& item, Writer<Item>& writer) override {
    const absl::StatusOr<Item> result = Run(item);
    if (result.ok()) writer.Write(*result);
    return result.status();
  }

  absl::StatusOr<Item> Run(const Item& item) {
    ++runs;
    if (failures-- > 0) return absl::UnavailableError("busy");
    return item;
  }
};

class ProtoPolicyTest : public ::testing::Test {
 protected:
  FlakyStore store_;
  InProcess<StoreClient> client_{store_};
};

TEST_F(ProtoPolicyTest, AnIdempotentMethodWithAPolicyIsRetried) {
  store_.failures = 2;
  int attempts = 0;
  EXPECT_THAT(client_->Get({}, {.attempts = &attempts}), IsOk());
  EXPECT_EQ(attempts, 3);
  EXPECT_EQ(store_.runs, 3);
}

TEST_F(ProtoPolicyTest, AStreamOfRepliesIsRetried) {
  store_.failures = 2;
  auto items = client_->List({});
  EXPECT_TRUE(items.Next().has_value());
  EXPECT_FALSE(items.Next().has_value());
  EXPECT_THAT(items.status(), IsOk());
}

TEST_F(ProtoPolicyTest, AnIdempotentMethodWithoutAPolicyIsNot) {
  store_.failures = 1;
  EXPECT_THAT(client_->Put({}), StatusIs(StatusCode::kUnavailable, "busy"));
}

TEST_F(ProtoPolicyTest, AMethodThatIsNotIdempotentRunsOnce) {
  store_.failures = 1;
  EXPECT_THAT(client_->Add({}), StatusIs(StatusCode::kUnavailable, HasSubstr("not idempotent")));
  EXPECT_EQ(store_.runs, 1);
}

TEST_F(ProtoPolicyTest, AMethodThatIsNotIdempotentIsRetriedWhereNobodyHasLookedAtIt) {
  StoreClient client(client_.NewChannel({.retry = {.max_tokens = 1000}}));
  client_.faults().Refuse(absl::UnavailableError("no server"));
  EXPECT_THAT(client.Add({}), StatusIs(StatusCode::kUnavailable, HasSubstr("attempt 3 of 3")));
  EXPECT_EQ(client_.faults().connects(), 3u);
}

TEST_F(ProtoPolicyTest, TheChannelMaySayThatPoliciesOfProtosDoNotCount) {
  StoreClient client(client_.NewChannel({.retry = {.proto_policies = false}}));
  store_.failures = 1;
  EXPECT_THAT(client.Get({}), StatusIs(StatusCode::kUnavailable, "busy"));
}

TEST_F(ProtoPolicyTest, APolicyInCodeComesFirst) {
  const RetryPolicy policy{.max_attempts = 2, .initial_backoff = milliseconds(1)};
  StoreClient client(
      client_.NewChannel({.retry = {.policies = {{"policies.v1.StoreService/Get", policy}}}}));
  store_.failures = 2;
  EXPECT_THAT(client.Get({}), StatusIs(StatusCode::kUnavailable, HasSubstr("attempt 2 of 2")));
}

TEST_F(ProtoPolicyTest, APolicyInCodeKnowsThatTheMethodIsIdempotent) {
  const RetryPolicy policy{.initial_backoff = milliseconds(1)};
  StoreClient client(client_.NewChannel({.retry = {.policies = {{"", policy}}}}));
  store_.failures = 2;
  EXPECT_THAT(client.Put({}), IsOk());
  store_.failures = 1;
  EXPECT_THAT(client.Add({}), StatusIs(StatusCode::kUnavailable, HasSubstr("not idempotent")));
}

}  // namespace
}  // namespace piperpc::testing
