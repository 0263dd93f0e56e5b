// What examples/proxy does beyond single calls, which raw_client_test makes through it:
// connections, logins, servers that come and go, and flow control from one end to the other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "e2e/proxy_server.h"
#include "piperpc/internal/thunks.h"
#include "piperpc/raw_client.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "support/eventually.h"
#include "support/test_service.h"
#include "transport/fixture.h"

namespace piperpc::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

// A method that needs a login, and says whose it is.
class LockedService final : public Service {
 public:
  std::string_view name() const override { return "test.v1.Locked"; }
  std::span<const Method> methods() const override { return kMethods; }

 private:
  static void Start(Service&, internal::ServerCall& call) {
    const RawMessage user{*call.context().session().user()};
    call.FinishWith(internal::OutMessage::Of(user));
  }

  static constexpr Method kMethods[] = {
      {.name = "test.v1.Locked/Who", .requires_login = true, .start = &Start}};
};

class ProxyTest : public transport::EachTransport {
 protected:
  // Streams of this many messages go on for far longer than what may be under way.
  static constexpr std::size_t kMessages = 1000;
  static constexpr std::size_t kMessageBytes = 16 * 1024;

  // What the two connections of a stream let be under way, each with a message more than its
  // credit; one message that the proxy holds, and one of the writer.
  static constexpr std::size_t kCreditBytes = 256 * 1024;
  static constexpr std::size_t kMostUnderWay = 2 * kCreditBytes / kMessageBytes + 4;

  void Begin() override {
    more_.AddUnary("TimeLeft", [](ServerContext& context, RawMessage) { return Left(context); });
    more_.AddServerStreaming("Flow", [this](ServerContext&, RawMessage) { return Flow(); });
    more_.AddBidirectional(
        "Refuse",
        [](ServerContext&, CoReader<RawMessage>) -> Stream<RawMessage> { return Refuse(); });
    StartBack();
    proxy_ = std::make_unique<ProxyServer>(*transport_, back_endpoint_);
    client_ = std::make_unique<RawClient>(NewChannel());
  }

  void StartBack() {
    back_ = std::make_unique<Server>(ServerOptions{.transport = transport_.get()});
    for (Service* service : std::initializer_list<Service*>{&test_.service(), &locked_, &more_}) {
      ASSERT_TRUE(back_->AddService(*service).ok());
    }
    const absl::Status status = back_->Start(back_endpoint_);
    ASSERT_TRUE(status.ok()) << status;
  }

  std::shared_ptr<Channel> NewChannel() {
    return Connect(proxy_->endpoint(), {.default_timeout = seconds(60),
                                        .wait_for_ready = seconds(20),
                                        .transport = transport_.get()});
  }

  static Task<RawResult> Left(ServerContext& context) {
    const auto left = context.deadline() - std::chrono::steady_clock::now();
    co_return RawMessage{std::to_string(std::chrono::ceil<milliseconds>(left).count())};
  }

  Stream<RawMessage> Flow() {
    const RawMessage message{std::string(kMessageBytes, 'f')};
    for (std::size_t i = 0; i < kMessages; ++i) {
      ++yielded_;
      co_yield message;
    }
  }

  static Stream<RawMessage> Refuse() {
    const absl::Status refused = absl::PermissionDeniedError("not today");
    co_yield refused;
  }

  RawResult Echo(const RawClient& client) {
    return client.Unary("test.v1.Test/Echo", RawMessage{"echo"});
  }

  // Time for whoever could go on to do so.
  void MakeManyCalls() {
    for (int i = 0; i < 50; ++i) ASSERT_TRUE(Echo(*client_).ok());
  }

  TestService test_;
  LockedService locked_;
  RawService more_{"more.v1.More"};
  std::atomic<std::size_t> yielded_ = 0;
  const std::string back_endpoint_ = UniqueEndpoint();
  std::unique_ptr<Server> back_;
  std::unique_ptr<ProxyServer> proxy_;
  std::unique_ptr<RawClient> client_;
};

TEST_P(ProxyTest, ALoginStaysWithItsConnection) {
  const RawClient ana(NewChannel());
  const RawClient ben(NewChannel());
  ASSERT_TRUE(ana.Unary("test.v1.Test/SetUser", RawMessage{"ana"}).ok());
  ASSERT_TRUE(ben.Unary("test.v1.Test/SetUser", RawMessage{"ben"}).ok());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(ana.Unary("test.v1.Locked/Who", RawMessage{})->bytes, "ana");
    EXPECT_EQ(ben.Unary("test.v1.Locked/Who", RawMessage{})->bytes, "ben");
    const absl::Status nobody = client_->Unary("test.v1.Locked/Who", RawMessage{}).status();
    EXPECT_TRUE(absl::IsUnauthenticated(nobody)) << nobody;
  }
  EXPECT_EQ(back_->stats().connections, 3u);
}

TEST_P(ProxyTest, AConnectionToTheServerGoesWithItsClient) {
  ASSERT_TRUE(Echo(*client_).ok());
  ASSERT_TRUE(Echo(RawClient(NewChannel())).ok());
  EXPECT_TRUE(Eventually([this] { return back_->stats().connections == 1; }));
  client_.reset();
  EXPECT_TRUE(Eventually([this] { return back_->stats().connections == 0; }));
}

TEST_P(ProxyTest, AClientThatIsGoneStopsItsCallsAtTheServer) {
  auto waiting = client_->OpenWithRequest("test.v1.Test/Wait", RawMessage{});
  auto reading = client_->OpenWithRequest("test.v1.Test/Forever", RawMessage{});
  auto writing = client_->OpenWithStream("test.v1.Test/Concat");
  ASSERT_TRUE(test_.entered.WaitFor(3));
  client_->channel()->Close();
  EXPECT_TRUE(test_.stopped.WaitFor(3));
  EXPECT_TRUE(Eventually([this] { return back_->stats().calls == 0; }));
  EXPECT_TRUE(Eventually([this] { return proxy_->server().stats().calls == 0; }));
}

TEST_P(ProxyTest, TheServerIsToldHowMuchTimeIsLeft) {
  const RawResult left =
      client_->Unary("more.v1.More/TimeLeft", RawMessage{}, {.timeout = seconds(60)});
  ASSERT_TRUE(left.ok()) << left.status();
  EXPECT_GT(std::stoll(left->bytes), 0);
  EXPECT_LE(std::stoll(left->bytes), 60'000);
  auto unlimited = client_->OpenWithRequest("more.v1.More/TimeLeft", RawMessage{});
  EXPECT_FALSE(unlimited.Next().has_value());
  EXPECT_GT(std::stoll(unlimited.TakeResponse().bytes), 1'000'000'000);
}

TEST_P(ProxyTest, WhatTheServerHasNotIsUnimplementedInItsOwnWords) {
  const RawClient direct(Connect(back_endpoint_, {.transport = transport_.get()}));
  for (const char* method : {"none.v1.None/Get", "test.v1.Test/None"}) {
    const absl::Status status = client_->Unary(method, RawMessage{}).status();
    EXPECT_TRUE(absl::IsUnimplemented(status)) << status;
    EXPECT_EQ(status, direct.Unary(method, RawMessage{}).status());
  }
}

TEST_P(ProxyTest, AServerThatIsGoneIsUnavailableAndFoundAgain) {
  ASSERT_TRUE(Echo(*client_).ok());
  auto chat = client_->Bidirectional("test.v1.Test/Chat");
  ASSERT_TRUE(chat.Write(RawMessage{"a"}));
  ASSERT_EQ(chat.Next()->bytes, "re: a");
  back_->Shutdown(milliseconds(0));
  EXPECT_FALSE(chat.Next().has_value());
  EXPECT_TRUE(absl::IsUnavailable(chat.status())) << chat.status();
  const absl::Status gone = Echo(*client_).status();
  EXPECT_TRUE(absl::IsUnavailable(gone)) << gone;
  StartBack();
  EXPECT_EQ(Echo(*client_)->bytes, "echo");
  EXPECT_EQ(client_->channel()->connections_made(), 1u);
}

TEST_P(ProxyTest, ASlowReaderSlowsTheServersWriter) {
  auto flow = client_->ServerStreaming("more.v1.More/Flow", RawMessage{});
  ASSERT_TRUE(flow.Next().has_value());
  MakeManyCalls();
  EXPECT_LE(yielded_ - 1, kMostUnderWay);
  std::size_t read = 1;
  while (flow.Next().has_value()) {
    ++read;
    ASSERT_LE(yielded_ - read, kMostUnderWay);
  }
  EXPECT_TRUE(flow.status().ok()) << flow.status();
  EXPECT_EQ(read, kMessages);
}

TEST_P(ProxyTest, ASlowServerSlowsTheClientsWriter) {
  auto upload = client_->ClientStreaming("test.v1.Test/ReadLate");
  std::atomic<std::size_t> written = 0;
  std::thread writer([&] {
    const RawMessage message{std::string(kMessageBytes, 'u')};
    while (written < kMessages && upload.Write(message)) ++written;
  });
  EXPECT_TRUE(test_.entered.WaitFor(1));
  MakeManyCalls();
  EXPECT_LE(written, kMostUnderWay);
  test_.release.Set();
  writer.join();
  const RawResult bytes = upload.Finish();
  ASSERT_TRUE(bytes.ok()) << bytes.status();
  EXPECT_EQ(bytes->bytes, std::to_string(kMessages * kMessageBytes));
}

TEST_P(ProxyTest, AStalledStreamHoldsUpNoOther) {
  auto stalled = client_->ServerStreaming("more.v1.More/Flow", RawMessage{});
  ASSERT_TRUE(stalled.Next().has_value());
  auto other = client_->ServerStreaming("test.v1.Test/Count", RawMessage{"1000"});
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(other.Next()->bytes, std::to_string(i));
  EXPECT_FALSE(other.Next().has_value());
  EXPECT_TRUE(other.status().ok()) << other.status();
}

TEST_P(ProxyTest, AnEndBeforeTheLastRequestEndsTheStreamOfThem) {
  auto call = client_->Bidirectional("more.v1.More/Refuse");
  const RawMessage message{std::string(kMessageBytes, 'r')};
  std::size_t written = 0;
  while (call.Write(message)) ++written;
  EXPECT_FALSE(call.Next().has_value());
  EXPECT_EQ(call.status(), absl::PermissionDeniedError("not today"));
  EXPECT_LE(written, kMostUnderWay);
}

TEST_P(ProxyTest, AProxyOfAProxyIsAProxy) {
  ProxyServer second(*transport_, proxy_->endpoint());
  const RawClient far(Connect(second.endpoint(), {.transport = transport_.get()}));
  EXPECT_EQ(Echo(far)->bytes, "echo");
  auto chat = far.Bidirectional("test.v1.Test/Chat");
  ASSERT_TRUE(chat.Write(RawMessage{"a"}));
  EXPECT_EQ(chat.Next()->bytes, "re: a");
  chat.WritesDone();
  EXPECT_FALSE(chat.Next().has_value());
  EXPECT_TRUE(chat.status().ok()) << chat.status();
  const absl::Status failed = far.Unary("test.v1.Test/Fail", RawMessage{"x"}).status();
  EXPECT_EQ(failed.message(), "nothing called x");
  EXPECT_EQ(failed.GetPayload("type.googleapis.com/test.v1.Detail"), absl::Cord("detail"));
}

TEST_P(ProxyTest, ManyCallsOfManyClientsAtOnce) {
  std::vector<std::future<bool>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::async(std::launch::async, [this, i] {
      const RawClient client(NewChannel());
      bool right = true;
      for (int j = 0; j < 25; ++j) {
        const std::string text = std::to_string(i) + "." + std::to_string(j);
        const RawResult reply = client.Unary("test.v1.Test/Echo", RawMessage{text});
        right = right && reply.ok() && reply->bytes == text;
        auto upload = client.ClientStreaming("test.v1.Test/Concat");
        upload.Write(RawMessage{text});
        upload.Write(RawMessage{text});
        const RawResult both = upload.Finish();
        right = right && both.ok() && both->bytes == text + "," + text + ",";
      }
      return right;
    }));
  }
  for (auto& client : clients) EXPECT_TRUE(client.get());
}

TEST_P(ProxyTest, ShutdownStopsCallsThatWaitForTheServer) {
  auto waiting = client_->OpenWithRequest("test.v1.Test/Wait", RawMessage{});
  auto writing = client_->OpenWithStream("test.v1.Test/Concat");
  auto stalled = client_->OpenWithRequest("more.v1.More/Flow", RawMessage{});
  ASSERT_TRUE(test_.entered.WaitFor(2));
  ASSERT_TRUE(stalled.Next().has_value());
  EXPECT_THAT(proxy_->server().Shutdown(milliseconds(0)).aborted, ElementsAre());
  for (RawCall* call : {&waiting, &writing}) {
    EXPECT_FALSE(call->Next().has_value());
    EXPECT_TRUE(absl::IsUnavailable(call->status())) << call->status();
  }
  EXPECT_TRUE(test_.stopped.WaitFor(2));
}

INSTANTIATE_TEST_SUITE_P(Transports, ProxyTest, ::testing::ValuesIn(transport::TransportNames()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace piperpc::testing
