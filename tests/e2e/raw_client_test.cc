// Calls by name: each type of method, in each form, on each transport of this system, at the server
// itself and through a proxy.
#include "piperpc/raw_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "e2e/proxy_server.h"
#include "piperpc/middleware.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "support/raw_forms.h"
#include "support/recording_middleware.h"
#include "support/shapes_service.h"
#include "transport/fixture.h"

namespace piperpc::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ClientRecorder = RecordingMiddleware<ClientMiddleware, ClientContext>;

enum class Way { kDirect, kThroughAProxy };

class RawClientTest : public ::testing::TestWithParam<std::tuple<std::string, NamedForm, Way>> {
 protected:
  void SetUp() override {
    std::string reason;
    const std::string& name = std::get<0>(GetParam());
    transport_ = transport::NewTransport(name, reason);
    if (transport_ == nullptr) GTEST_SKIP() << name << " is refused: " << reason;
    server_ = std::make_unique<Server>(ServerOptions{.transport = transport_.get()});
    ASSERT_TRUE(server_->AddService(service_.service()).ok());
    const absl::Status status = server_->Start(endpoint_);
    ASSERT_TRUE(status.ok()) << status;
    if (std::get<2>(GetParam()) == Way::kThroughAProxy) {
      proxy_ = std::make_unique<ProxyServer>(*transport_, endpoint_);
    }
    const std::string& endpoint = proxy_ == nullptr ? endpoint_ : proxy_->endpoint();
    channel_ = Connect(endpoint, {.default_timeout = seconds(60),
                                  .wait_for_ready = seconds(20),
                                  .middleware = {std::make_shared<ClientRecorder>("c", journal_)},
                                  .transport = transport_.get()});
  }

  static const NamedForm& form() { return std::get<1>(GetParam()); }

  CallResult Call(const std::string& method, const Strings& requests,
                  const CallOptions& options = {}) {
    return form().call(RawClient(channel_), method, requests, options);
  }
  CallResult Call(const Strings& requests, const CallOptions& options = {}) {
    return Call(form().method, requests, options);
  }

  void ExpectCallsWork() {
    EXPECT_TRUE(Call({"still good"}).status.ok());
    EXPECT_EQ(channel_->connections_made(), 1u);
  }

  std::unique_ptr<transport::Transport> transport_;
  ShapesService service_;
  Journal journal_;
  const std::string endpoint_ = UniqueEndpoint();
  std::unique_ptr<Server> server_;
  std::unique_ptr<ProxyServer> proxy_;
  std::shared_ptr<Channel> channel_;
};

TEST_P(RawClientTest, MessagesGoThereAndBack) {
  for (const Strings& requests : {Strings{"a", "b", "c"}, Strings{"", "", ""}}) {
    const CallResult result = Call(requests);
    EXPECT_TRUE(result.status.ok()) << result.status;
    EXPECT_EQ(result.replies, ExpectedReplies(form().method, requests));
  }
}

TEST_P(RawClientTest, LargeMessagesAreSplitAndPutTogether) {
  const Strings requests(3, std::string(1 << 20, 'L'));
  const CallResult result = Call(requests);
  EXPECT_TRUE(result.status.ok()) << result.status;
  EXPECT_TRUE(result.replies == ExpectedReplies(form().method, requests));
}

TEST_P(RawClientTest, MetadataGoesThereAndTrailersComeBack) {
  const Metadata metadata{{"a", "1"}, {"b", std::string("\0\xff", 2)}};
  const CallResult result = Call({"x"}, {.metadata = metadata});
  EXPECT_TRUE(result.status.ok()) << result.status;
  EXPECT_EQ(result.trailers, metadata);
}

TEST_P(RawClientTest, ErrorsKeepTheirCodeTextDetailsAndTrailers) {
  const Metadata metadata{{"fail", "all of it"}};
  const CallResult result = Call({"x"}, {.metadata = metadata});
  EXPECT_TRUE(absl::IsDataLoss(result.status)) << result.status;
  EXPECT_EQ(result.status.message(), "all of it");
  EXPECT_EQ(result.status.GetPayload(ShapesService::kDetail), absl::Cord("detail"));
  EXPECT_THAT(result.replies, ElementsAre());
  EXPECT_EQ(result.trailers, metadata);
}

TEST_P(RawClientTest, TheDeadlineEndsTheCallOnBothSides) {
  // On a busy machine the time may be over before the handler begins.
  for (milliseconds timeout(30); service_.waiting.count() == 0; timeout *= 2) {
    const CallResult result = Call({"x"}, {.timeout = timeout, .metadata = {{"wait", ""}}});
    ASSERT_TRUE(absl::IsDeadlineExceeded(result.status)) << result.status;
  }
  EXPECT_TRUE(service_.stopped.WaitFor(1));
  ExpectCallsWork();
}

TEST_P(RawClientTest, AStopTokenEndsTheCallOnBothSides) {
  std::stop_source stop;
  std::thread stopping([&] {
    EXPECT_TRUE(service_.waiting.WaitFor(1));
    stop.request_stop();
  });
  const CallResult result = Call({"x"}, {.stop = stop.get_token(), .metadata = {{"wait", ""}}});
  stopping.join();
  EXPECT_TRUE(absl::IsCancelled(result.status)) << result.status;
  EXPECT_TRUE(service_.stopped.WaitFor(1));
  ExpectCallsWork();
}

TEST_P(RawClientTest, AnUnknownMethodIsUnimplemented) {
  const CallResult result = Call("Nothing", {"x"});
  EXPECT_TRUE(absl::IsUnimplemented(result.status)) << result.status;
  ExpectCallsWork();
}

TEST_P(RawClientTest, AMethodOfAnotherTypeCostsTheCallAlone) {
  const bool any_reply = form().name.find("Open") != std::string::npos;
  const bool one_request = form().method == "Unary" || form().method == "Down";
  for (const std::string method : {"Unary", "Down", "Up", "Both"}) {
    const bool takes_one = method == "Unary" || method == "Down";
    if (method == form().method || (any_reply && one_request == takes_one)) continue;
    const CallResult result = Call(method, {"x", "y"});
    EXPECT_TRUE(absl::IsInvalidArgument(result.status)) << method << ": " << result.status;
    EXPECT_THAT(std::string(result.status.message()), HasSubstr(method));
    ExpectCallsWork();
  }
}

TEST_P(RawClientTest, ANameThatCannotBeSentIsRefusedHere) {
  const CallResult result = Call(std::string(1100, 'n'), {"x"});
  EXPECT_TRUE(absl::IsInvalidArgument(result.status)) << result.status;
  EXPECT_THAT(std::string(result.status.message()), HasSubstr("1024"));
  EXPECT_EQ(channel_->connections_made(), 0u);
}

TEST_P(RawClientTest, MiddlewareSeesTheNameUntilTheEnd) {
  EXPECT_TRUE(Call({"x"}).status.ok());
  EXPECT_THAT(journal_.Lines(2),
              ElementsAre("c before shapes.v1.Raw/" + form().method, "c after OK"));
}

INSTANTIATE_TEST_SUITE_P(Transports, RawClientTest,
                         ::testing::Combine(::testing::ValuesIn(transport::TransportNames()),
                                            ::testing::ValuesIn(RawForms()),
                                            ::testing::Values(Way::kDirect, Way::kThroughAProxy)),
                         [](const auto& instance) {
                           const bool direct = std::get<2>(instance.param) == Way::kDirect;
                           return std::get<0>(instance.param) + "_" +
                                  std::get<1>(instance.param).name +
                                  (direct ? "" : "_ThroughAProxy");
                         });

}  // namespace
}  // namespace piperpc::testing
