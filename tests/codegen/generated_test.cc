// What generated classes are, apart from how they are written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "codegen/fake_call.h"
#include "in.piperpc.h"
#include "piperpc/testing/fake_server_context.h"

namespace piperpc {
namespace {

using shapes::v1::GetRequest;
using shapes::v1::GetResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Generated, ServiceIsNamedAsInTheProto) {
  const shapes::v1::ShapesService service;
  EXPECT_EQ(service.name(), "shapes.v1.ShapesService");
  EXPECT_EQ(shapes::v1::EmptyService().methods().size(), 0u);
}

TEST(Generated, MethodTableSaysTypeAndAccess) {
  const shapes::v1::ShapesService service;
  const std::span<const Method> methods = service.methods();
  ASSERT_EQ(methods.size(), 8u);
  std::vector<MethodType> shapes;
  std::vector<bool> logins;
  for (const Method& method : methods.first(4)) {
    shapes.push_back(method.type);
    logins.push_back(method.requires_login);
    EXPECT_NE(method.start, nullptr);
  }
  EXPECT_EQ(methods[0].name, "shapes.v1.ShapesService/Get");
  EXPECT_THAT(shapes, ElementsAre(MethodType::kUnary, MethodType::kServerStreaming,
                                  MethodType::kClientStreaming, MethodType::kBidirectional));
  EXPECT_THAT(logins, ElementsAre(false, true, false, true));
}

TEST(Generated, MethodWithoutAHandlerIsUnimplemented) {
  testing::FakeLoop loop;
  WorkerPool pool(1, 1);
  testing::FakeServerContext context(loop, pool);
  shapes::v1::ShapesService service;
  testing::FakeSink<GetResponse> sink;
  Stream<GetResponse> stream = service.CoWatch(context, GetRequest());
  stream.Start(sink);
  loop.RunUntil([&] { return sink.ended(); });
  EXPECT_EQ(sink.status().code(), absl::StatusCode::kUnimplemented);
  EXPECT_THAT(std::string(sink.status().message()), HasSubstr("test.v1.TestService/Method"));
}

// A channel that answers every unary call, and remembers what was called.
class FakeChannel final : public Channel {
 public:
  absl::Status CallUnary(
      const internal::ClientMethod& method, const internal::OutMessage& request, const CallOptions&,
      absl::FunctionRef<internal::ParseResult(std::span<const char>)> parse) override {
    called.emplace_back(method.name);
    std::string bytes(request.size(), '\0');
    request.WriteTo(bytes.data());  // Request and response look the same on the wire.
    return parse(bytes) == internal::ParseResult::kParsed ? absl::OkStatus()
                                                          : absl::InternalError("malformed");
  }
  std::shared_ptr<internal::CallControl> StartUnary(const internal::ClientMethod& method,
                                                    const internal::OutMessage&, const CallOptions&,
                                                    internal::UnaryDone&& done) override {
    called.emplace_back(method.name);
    done.Run(absl::UnavailableError("not there"), {});
    return nullptr;
  }
  std::shared_ptr<internal::ClientStream> OpenStream(const internal::ClientMethod& method,
                                                     const internal::OutMessage* request,
                                                     const CallOptions&) override {
    called.push_back(std::string(method.name) + (request == nullptr ? "" : " with a request"));
    shapes.push_back(method.type);
    return nullptr;
  }
  absl::Status WaitUntilReady(std::chrono::milliseconds) override { return absl::OkStatus(); }
  std::size_t connections_made() const override { return 1; }
  ChannelStatus state() const override { return {ChannelState::kReady, {}}; }
  absl::Status WaitForStateChange(ChannelState, std::chrono::milliseconds) override {
    return absl::DeadlineExceededError("it stays ready");
  }
  StateWatch WatchState(StateCallback) override { return {}; }
  void Close() override {}

  std::vector<std::string> called;
  std::vector<MethodType> shapes;
};

TEST(Generated, ClientCallsItsMethods) {
  const auto channel = std::make_shared<FakeChannel>();
  shapes::v1::ShapesClient client(channel);
  GetRequest request;
  request.set_text("text");
  const absl::StatusOr<GetResponse> response = client.Get(request);
  ASSERT_TRUE(response.ok());
  EXPECT_EQ(response->text(), "text");

  absl::Status status;
  client.GetAsync(request, {}, [&](absl::StatusOr<GetResponse> r) { status = r.status(); });
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);

  const auto watch = client.Watch(request);
  const auto upload = client.Upload();
  const auto chat = client.Chat();
  EXPECT_THAT(channel->called,
              ElementsAre("shapes.v1.ShapesService/Get", "shapes.v1.ShapesService/Get",
                          "shapes.v1.ShapesService/Watch with a request",
                          "shapes.v1.ShapesService/Upload", "shapes.v1.ShapesService/Chat"));
  EXPECT_THAT(channel->shapes,
              ElementsAre(MethodType::kServerStreaming, MethodType::kClientStreaming,
                          MethodType::kBidirectional));
}

}  // namespace
}  // namespace piperpc
