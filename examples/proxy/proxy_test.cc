// Tests of the proxy between a client and a server, with piperpc::testing.
#include "proxy.h"

#include <gmock/gmock.h>

#include <memory>
#include <optional>
#include <string>

#include "piperpc/raw_client.h"
#include "piperpc/raw_service.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"

namespace {

using piperpc::RawMessage;
using piperpc::testing::InProcessServer;
using piperpc::testing::IsOk;
using piperpc::testing::IsOkAndHolds;
using piperpc::testing::StatusIs;
using ::testing::Field;
using ::testing::HasSubstr;

piperpc::Task<absl::StatusOr<RawMessage>> Echo(piperpc::ServerContext& context,
                                               RawMessage request) {
  context.AddTrailer("tenant", piperpc::FindValue(context.metadata(), "tenant").value_or("none"));
  if (request.bytes.empty()) co_return absl::InvalidArgumentError("nothing to echo");
  co_return request;
}

piperpc::Stream<RawMessage> EchoAll(piperpc::ServerContext&,
                                    piperpc::CoReader<RawMessage> requests) {
  for (bool more = true; more;) {
    auto next = requests.CoNext();
    const std::optional<RawMessage> request = co_await next;
    more = request.has_value();
    if (more) co_yield *request;
  }
}

// A server that echoes, and a proxy for it.
class ProxyTest : public ::testing::Test {
 protected:
  ProxyTest() {
    echo_.AddUnary("Echo", &Echo);
    echo_.AddBidirectional("EchoAll", &EchoAll);
  }

  void StartServer() {
    ASSERT_THAT(server_.AddService(echo_), IsOk());
    ASSERT_THAT(server_.Start(endpoint_), IsOk());
  }

  piperpc::RawService echo_{"test.v1.Test"};
  const std::string endpoint_ = piperpc::testing::UniqueEndpoint();
  piperpc::Server server_;
  const std::unique_ptr<piperpc::CatchAllService> proxy_ = NewProxy(endpoint_, {});
  InProcessServer front_{{}, {.catch_all = proxy_.get()}};
  piperpc::RawClient client_{front_.channel()};
};

TEST_F(ProxyTest, PassesOnACallWithItsMetadataAndTrailers) {
  StartServer();
  piperpc::CallOptions options;
  piperpc::Metadata trailers;
  options.metadata.emplace_back("tenant", "a");
  options.trailers = &trailers;
  EXPECT_THAT(client_.Unary("test.v1.Test/Echo", RawMessage("hello"), options),
              IsOkAndHolds(Field(&RawMessage::bytes, "hello")));
  EXPECT_EQ(piperpc::FindValue(trailers, "tenant"), "a");
}

TEST_F(ProxyTest, PassesOnErrors) {
  StartServer();
  EXPECT_THAT(client_.Unary("test.v1.Test/Echo", RawMessage()),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("nothing to echo")));
  EXPECT_THAT(client_.Unary("test.v1.Test/None", RawMessage()),
              StatusIs(absl::StatusCode::kUnimplemented, HasSubstr("None")));
}

TEST_F(ProxyTest, PassesOnStreamsMessageByMessage) {
  StartServer();
  auto call = client_.Bidirectional("test.v1.Test/EchoAll");
  for (const char* text : {"one", "two"}) {
    ASSERT_TRUE(call.Write(RawMessage(text)));
    const std::optional<RawMessage> reply = call.Next();
    ASSERT_TRUE(reply.has_value()) << call.status();
    EXPECT_EQ(reply->bytes, text);
  }
  call.WritesDone();
  EXPECT_FALSE(call.Next().has_value());
  EXPECT_THAT(call.status(), IsOk());
}

TEST_F(ProxyTest, SaysThatThereIsNoServer) {
  EXPECT_THAT(client_.Unary("test.v1.Test/Echo", RawMessage("hello")),
              StatusIs(absl::StatusCode::kUnavailable));
}

}  // namespace
