// The code of docs/services.md, streaming.md, errors.md, deadlines.md, limits.md, threads.md and
// from-grpc.md.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <iostream>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "piperpc/channel.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"
#include "shop.h"

namespace shop::v1 {
namespace {

using namespace std::chrono_literals;
using piperpc::testing::InProcess;
using piperpc::testing::IsOk;
using piperpc::testing::StatusIs;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

GetPriceRequest Of(const std::string& item) {
  GetPriceRequest request;
  request.set_item(item);
  return request;
}

class GuideTest : public ::testing::Test {
 protected:
  GuideTest() { prices_.Set("tea", 300); }

  Prices prices_;
  Shop shop_{prices_};
  InProcess<ShopClient> server_{shop_};
  ShopClient client{server_.channel()};
};

TEST_F(GuideTest, TheFormsOfACall) {
  // Blocking.
  absl::StatusOr<GetPriceResponse> response = client.GetPrice(Of("tea"), {.timeout = 500ms});
  if (!response.ok()) std::cerr << response.status() << "\n";
  EXPECT_EQ(response->cents(), 300);

  // With a callback, which runs on the channel's event loop.
  std::promise<std::int64_t> price;
  client.GetPriceAsync(Of("tea"), {.timeout = 500ms},
                       [&price](absl::StatusOr<GetPriceResponse> reply) {
                         price.set_value(reply.ok() ? reply->cents() : -1);
                       });
  EXPECT_EQ(price.get_future().get(), 300);

  // As a coroutine.
  const auto ask = [this]() -> piperpc::Task<std::int64_t> {
    piperpc::CallOptions options{.timeout = 500ms};
    auto call = client.CoGetPrice(Of("tea"), options);
    absl::StatusOr<GetPriceResponse> reply = co_await call;
    co_return reply.ok() ? reply->cents() : -1;
  };
  EXPECT_EQ(piperpc::SyncWait(ask()), 300);
}

TEST_F(GuideTest, AStreamOfResponses) {
  WatchPricesRequest request;
  request.set_item("tea");
  auto prices = client.WatchPrices(request);
  std::vector<std::int64_t> seen;
  while (std::optional<WatchPricesResponse> price = prices.Next()) {
    seen.push_back(price->cents());
    if (seen.size() == 1) prices_.Set("tea", 310);
    if (seen.size() == 2) break;  // When `prices` goes, the call is cancelled.
  }
  EXPECT_THAT(seen, ElementsAre(300, 310));
}

TEST_F(GuideTest, AStreamOfRequests) {
  auto items = client.ImportItems();
  for (const char* name : {"salt", "rice"}) {
    ImportItemsRequest item;
    item.set_item(name);
    item.set_cents(100);
    if (!items.Write(item)) break;  // The call has ended: Finish() says why.
  }
  absl::StatusOr<ImportItemsResponse> response = items.Finish();
  ASSERT_THAT(response, IsOk());
  EXPECT_EQ(response->count(), 2);
}

TEST_F(GuideTest, AStreamEachWay) {
  auto talk = client.Haggle();
  std::int64_t offer = 500;
  for (int turn = 0; turn < 3; ++turn) {
    HaggleRequest request;
    request.set_cents(offer);
    if (!talk.Write(request)) break;
    std::optional<HaggleResponse> answer = talk.Next();
    if (!answer.has_value()) break;
    offer += 10;
  }
  talk.WritesDone();
  while (talk.Next().has_value()) continue;
  const absl::Status status = talk.status();
  EXPECT_THAT(status, IsOk());
}

TEST_F(GuideTest, AnErrorWithADetail) {
  absl::StatusOr<GetPriceResponse> response = client.GetPrice(Of("te"));
  ASSERT_THAT(response, StatusIs(absl::StatusCode::kNotFound));
  std::string hints;
  if (auto bytes = response.status().GetPayload("type.googleapis.com/shop.v1.DidYouMean")) {
    DidYouMean hint;
    if (hint.ParseFromString(std::string(*bytes))) hints = hint.items(0);
  }
  EXPECT_EQ(hints, "tea");
}

TEST_F(GuideTest, ACallWithoutALoginIsRefusedBeforeItsHandler) {
  EXPECT_THAT(client.SetPrice({}), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(GuideTest, AMessageAboveTheLimitIsRefused) {
  piperpc::ServerOptions server_options;
  server_options.max_message_bytes = 64 * 1024;
  InProcess<ShopClient> server(shop_, {.server = server_options});
  ShopClient small(server.channel());
  const absl::StatusOr<GetPriceResponse> price = small.GetPrice(Of(std::string(100'000, 'x')));
  EXPECT_THAT(price, StatusIs(absl::StatusCode::kResourceExhausted,
                              AllOf(HasSubstr("the server's limit is 65536"),
                                    HasSubstr("ServerOptions::max_message_bytes"))));
}

TEST_F(GuideTest, ACallIsCancelled) {
  std::stop_source stop;
  piperpc::CallOptions options{.stop = stop.get_token()};
  auto prices = client.WatchPrices({}, options);
  std::jthread canceller([&stop] { stop.request_stop(); });
  while (prices.Next().has_value()) continue;
  EXPECT_THAT(prices.status(), StatusIs(absl::StatusCode::kCancelled));
}

TEST_F(GuideTest, ACallWaitsForAServerThatStarts) {
  const std::string endpoint = piperpc::testing::UniqueEndpoint();
  Shop shop(prices_);
  piperpc::Server server;
  ASSERT_THAT(server.AddService(shop), IsOk());

  auto channel = piperpc::Connect(endpoint, {.wait_for_ready = 1min});
  ShopClient early(channel);
  auto response = std::async([&early] { return early.GetPrice(Of("tea")); });
  ASSERT_THAT(server.Start(endpoint), IsOk());
  EXPECT_THAT(response.get(), IsOk());
}

}  // namespace
}  // namespace shop::v1
