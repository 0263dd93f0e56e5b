// fork() in a program with channels and servers: they stay the parent's, unharmed, and the child is
// told so at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "piperpc/async.h"
#include "piperpc/client.h"
#include "piperpc/in_process.h"
#include "piperpc/internal/stubs.h"
#include "piperpc/io_thread.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "src/transport/transport.h"
#include "support/test_service.h"
#include "transport/child_process_linux.h"
#include "transport/fixture.h"

namespace piperpc::testing {
namespace {

using internal::ClientMethod;
using std::chrono::milliseconds;
using std::chrono::seconds;
using transport::FaultsInChild;

constexpr ClientMethod kEcho{"test.v1.Test/Echo", MethodType::kUnary};
constexpr ClientMethod kStubborn{"test.v1.Test/Stubborn", MethodType::kUnary};
constexpr ClientMethod kBlock{"test.v1.Test/Block", MethodType::kUnary};
constexpr ClientMethod kCount{"test.v1.Test/Count", MethodType::kServerStreaming};
constexpr ClientMethod kChat{"test.v1.Test/Chat", MethodType::kBidirectional};

// What is wrong in a child, for its parent.
class Faults {
 public:
  void Expect(bool good, std::string_view what) {
    if (!good) text_.append(what).append("; ");
  }
  void ExpectOk(const absl::Status& status, std::string_view what) {
    Expect(status.ok(), std::string(what) + " gave " + status.ToString());
  }
  void ExpectRefused(const absl::Status& status, std::string_view what) {
    const bool refused = absl::IsFailedPrecondition(status) &&
                         status.message().find("before fork()") != std::string::npos;
    Expect(refused, std::string(what) + " gave " + status.ToString());
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

RawResult Echo(Channel& channel) {
  return internal::CallUnary<RawMessage>(channel, kEcho, RawMessage{"x"}, CallOptions());
}

std::future<RawResult> Start(Channel& channel, const ClientMethod& method, CallOptions options) {
  auto promise = std::make_shared<std::promise<RawResult>>();
  internal::StartUnary<RawMessage>(
      channel, method, RawMessage{"x"}, options,
      [promise](RawResult reply) { promise->set_value(std::move(reply)); });
  return promise->get_future();
}

using Chat = ClientReaderWriter<RawMessage, RawMessage>;

Chat OpenChat(Channel& channel) {
  return internal::OpenReaderWriter<RawMessage, RawMessage>(channel, kChat, CallOptions());
}

bool Answers(Chat& chat) {
  if (!chat.Write(RawMessage{"hello"})) return false;
  const std::optional<RawMessage> answer = chat.Next();
  return answer.has_value() && answer->bytes == "re: hello";
}

class Fork : public transport::EachTransport {
 protected:
  void Begin() override {
    server_ = NewServer(endpoint_);
    auto thread = StartIoThread({.transport = transport_.get()});
    ASSERT_TRUE(thread.ok()) << thread.status();
    io_thread_ = *std::move(thread);
  }

  std::unique_ptr<Server> NewServer(const std::string& endpoint) {
    auto server = std::make_unique<Server>(ServerOptions{.transport = transport_.get()});
    EXPECT_TRUE(server->AddService(service_.service()).ok());
    const absl::Status status = server->Start(endpoint);
    EXPECT_TRUE(status.ok()) << status;
    return server;
  }

  std::shared_ptr<Channel> NewChannel(std::shared_ptr<IoThread> thread = nullptr) {
    return NewChannelTo(endpoint_, std::move(thread));
  }
  std::shared_ptr<Channel> NewChannelTo(const std::string& endpoint,
                                        std::shared_ptr<IoThread> thread = nullptr) {
    return Connect(endpoint, {.io_thread = std::move(thread),
                              .default_timeout = seconds(50),
                              .transport = transport_.get()});
  }

  // Both kinds of channels, connected, with a loop that runs.
  std::vector<std::shared_ptr<Channel>> ConnectedChannels() {
    std::vector<std::shared_ptr<Channel>> channels{NewChannel(), NewChannel(io_thread_)};
    for (const auto& channel : channels) ExpectAlive(*channel);
    return channels;
  }

  static void ExpectAlive(Channel& channel) {
    EXPECT_TRUE(Echo(channel).ok());
    EXPECT_TRUE(Start(channel, kEcho, {}).get().ok());
    Chat chat = OpenChat(channel);
    EXPECT_TRUE(Answers(chat));
  }

  // In a child nobody waits for it: it is there at once, or never.
  static bool Ready(const std::future<RawResult>& reply) {
    return reply.wait_for(seconds(0)) == std::future_status::ready;
  }

  static void ExpectCallsRefused(Faults& faults, Channel& channel) {
    faults.ExpectRefused(Echo(channel).status(), "a blocking call");
    faults.ExpectRefused(channel.WaitUntilReady(seconds(50)), "WaitUntilReady()");
    std::future<RawResult> reply = Start(channel, kEcho, {});
    faults.Expect(Ready(reply), "no callback has come");
    if (Ready(reply)) faults.ExpectRefused(reply.get().status(), "a call with a callback");
    Chat chat = OpenChat(channel);
    faults.Expect(!chat.Write(RawMessage{"x"}), "a new stream takes a message");
    faults.Expect(!chat.Next().has_value(), "a new stream gives a message");
    faults.ExpectRefused(chat.status(), "a new stream");
    std::optional<absl::Status> done;
    internal::ListenToStream<RawMessage>(
        channel, kCount, RawMessage{"1"}, CallOptions(), [](RawMessage) {},
        [&done](absl::Status status) { done = std::move(status); });
    faults.Expect(done.has_value(), "no end of a stream with callbacks has come");
    if (done.has_value()) faults.ExpectRefused(*done, "a stream with callbacks");
    ExpectWritesRefused(faults, channel);
  }

  static void ExpectWritesRefused(Faults& faults, Channel& channel) {
    std::optional<absl::Status> written;
    std::optional<absl::Status> done;
    const auto writer = internal::StartReaderWriter<RawMessage, RawMessage>(
        channel, kChat, CallOptions(), nullptr,
        [&done](absl::Status status) { done = std::move(status); });
    writer.Write(RawMessage{"x"}, [&written](absl::Status status) { written = std::move(status); });
    writer.WritesDone();
    faults.Expect(written.has_value(), "nothing is told of a message that was written");
    if (written.has_value()) faults.ExpectRefused(*written, "a message with a callback");
    faults.Expect(done.has_value(), "no end of a stream that is written with callbacks has come");
    if (done.has_value()) faults.ExpectRefused(*done, "a stream that is written with callbacks");
  }

  TestService service_;
  const std::string endpoint_ = UniqueEndpoint();
  std::unique_ptr<Server> server_;
  std::shared_ptr<IoThread> io_thread_;
};

TEST_P(Fork, RefusesNewCallsInTheChildAndHarmsNoneOfTheParents) {
  for (const auto& channel : ConnectedChannels()) {
    EXPECT_EQ(FaultsInChild([&channel] {
                Faults faults;
                ExpectCallsRefused(faults, *channel);
                faults.Expect(channel->connections_made() == 0, "connections were made");
                channel->Close();
                return faults.text();
              }),
              "");
    ExpectAlive(*channel);
    EXPECT_EQ(channel->connections_made(), 1u);
  }
}

TEST_P(Fork, RefusesAnAwaitedCallInTheChild) {
  const auto channel = NewChannel();
  ExpectAlive(*channel);
  EXPECT_EQ(FaultsInChild([&channel] {
              Faults faults;
              std::optional<Task<RawResult>> task =
                  internal::CoUnary<RawMessage>(std::shared_ptr<internal::ChannelCore>(channel),
                                                kEcho, RawMessage{"x"}, CallOptions());
              std::optional<RawResult> reply;
              const std::function<void()> end = [&] {
                reply = task->Take();
                task.reset();  // Its frame goes away while it is being resumed in place.
              };
              task->Start([](void* what) { (*static_cast<const std::function<void()>*>(what))(); },
                          const_cast<std::function<void()>*>(&end));
              faults.Expect(reply.has_value(), "it waits");
              if (reply.has_value()) faults.ExpectRefused(reply->status(), "it");
              return faults.text();
            }),
            "");
}

TEST_P(Fork, TakesNoMessageWithACallbackInTheChild) {
  const auto channel = NewChannel();
  std::promise<std::string> reply;
  std::optional<AsyncWriter<RawMessage>> writer =
      internal::StartReaderWriter<RawMessage, RawMessage>(
          *channel, kChat, CallOptions(),
          [&reply](const AsyncWriter<RawMessage>&, RawMessage message) {
            reply.set_value(std::move(message.bytes));
          },
          nullptr);
  ExpectAlive(*channel);
  EXPECT_EQ(FaultsInChild([&writer] {
              Faults faults;
              std::optional<absl::Status> told;
              writer->Write(RawMessage{"x"}, [&told](absl::Status status) { told = status; });
              faults.Expect(told.has_value(), "nothing is told of it");
              if (told.has_value()) faults.ExpectRefused(*told, "it");
              writer->WritesDone();
              writer.reset();
              return faults.text();
            }),
            "");
  writer->Write(RawMessage{"of the parent"}, nullptr);
  EXPECT_EQ(reply.get_future().get(), "re: of the parent");
}

TEST_P(Fork, EndsAStreamInTheChildThatGoesOnInTheParent) {
  for (const auto& channel : ConnectedChannels()) {
    Chat chat = OpenChat(*channel);
    ASSERT_TRUE(Answers(chat));
    EXPECT_EQ(FaultsInChild([&chat] {
                Faults faults;
                faults.Expect(!chat.Next().has_value(), "it gives a message");
                faults.Expect(!chat.Write(RawMessage{"x"}), "it takes a message");
                chat.WritesDone();
                faults.ExpectRefused(chat.status(), "its status");
                chat.Cancel();
                const Chat dropped = std::move(chat);
                return faults.text();
              }),
              "");
    EXPECT_TRUE(Answers(chat));
  }
}

TEST_P(Fork, LeavesCallsThatAreUnderWayToTheParent) {
  const auto channel = NewChannel();
  std::stop_source stop;
  CallOptions options;
  options.stop = stop.get_token();
  std::future<RawResult> reply = Start(*channel, kStubborn, options);
  auto cancelled =
      internal::StartUnary<RawMessage>(*channel, kStubborn, RawMessage{}, {}, [](RawResult) {});
  ASSERT_TRUE(service_.entered.WaitFor(2));
  EXPECT_EQ(FaultsInChild([&] {
              stop.request_stop();
              cancelled.Cancel();
              return Ready(reply) ? "it has ended in the child" : "";
            }),
            "");
  service_.release.Set();
  EXPECT_EQ(reply.get()->bytes, "released");
}

TEST_P(Fork, LetsTheChildDestroyWhatItHas) {
  auto channels = ConnectedChannels();
  EXPECT_TRUE(internal::CallUnary<RawMessage>(*channels[0], kBlock, RawMessage{"x"}, CallOptions())
                  .ok());  // The server has a worker.
  EXPECT_EQ(FaultsInChild([&] {
              Faults faults;
              channels.clear();
              io_thread_.reset();
              faults.ExpectRefused(server_->Start(UniqueEndpoint()), "Start()");
              faults.ExpectRefused(server_->AddService(service_.service()), "AddService()");
              faults.ExpectRefused(server_->Shutdown(seconds(50)).status, "Shutdown()");
              faults.Expect(server_->stats().connections == 0, "it has connections");
              server_.reset();
              return faults.text();
            }),
            "");
  for (const auto& channel : channels) ExpectAlive(*channel);
  ExpectAlive(*NewChannel(io_thread_));
  channels.clear();
  EXPECT_TRUE(server_->Shutdown(seconds(50)).clean());
}

TEST_P(Fork, RefusesAnIoThreadOfTheParents) {
  EXPECT_EQ(FaultsInChild([this] {
              Faults faults;
              const auto channel = NewChannel(io_thread_);
              ExpectCallsRefused(faults, *channel);
              return faults.text();
            }),
            "");
  ExpectAlive(*NewChannel(io_thread_));
}

TEST_P(Fork, LetsTheChildMakeItsOwn) {
  const auto old = NewChannel();
  ExpectAlive(*old);
  EXPECT_EQ(FaultsInChild([this] {
              Faults faults;
              const std::string endpoint = UniqueEndpoint();
              Server server({.transport = transport_.get()});
              faults.ExpectOk(server.AddService(service_.service()), "AddService()");
              faults.ExpectOk(server.Start(endpoint), "Start()");
              auto thread = StartIoThread({.transport = transport_.get()});
              faults.ExpectOk(thread.status(), "StartIoThread()");
              for (const auto& channel :
                   {NewChannel(), NewChannelTo(endpoint), NewChannelTo(endpoint, *thread)}) {
                faults.ExpectOk(Echo(*channel).status(), "a blocking call");
                faults.ExpectOk(Start(*channel, kEcho, {}).get().status(), "a callback");
                Chat chat = OpenChat(*channel);
                faults.Expect(Answers(chat), "a stream does not work");
              }
              faults.Expect(server.Shutdown(seconds(50)).clean(), "the end is not clean");
              return faults.text();
            }),
            "");
  ExpectAlive(*old);
}

TEST_P(Fork, LeavesAChannelAndAServerThatWereNotUsedToBoth) {
  const auto channel = NewChannel();
  EXPECT_EQ(channel->connections_made(), 0u);
  Server server({.transport = transport_.get()});
  ASSERT_TRUE(server.AddService(service_.service()).ok());
  const auto use = [&](const std::string& endpoint) {
    Faults faults;
    faults.ExpectOk(Echo(*channel).status(), "a blocking call");
    faults.ExpectOk(Start(*channel, kEcho, {}).get().status(), "a callback");
    faults.Expect(channel->connections_made() == 1, "it has not connected once");
    faults.ExpectOk(server.Start(endpoint), "Start()");
    faults.ExpectOk(Echo(*NewChannelTo(endpoint)).status(), "a call to the new server");
    return faults.text();
  };
  EXPECT_EQ(FaultsInChild([&] { return use(UniqueEndpoint()); }), "");
  EXPECT_EQ(use(UniqueEndpoint()), "");
}

// The child has the descriptors of both ends.
TEST_P(Fork, AChildThatLivesOnHidesNoEndOfAConnection) {
  const auto channel = NewChannel();
  ExpectAlive(*channel);
  const transport::ChildProcess child([](const auto& ready) { ready(); });
  ASSERT_TRUE(child.ready());
  channel->Close();
  EXPECT_TRUE(server_->Shutdown(seconds(50)).clean());
}

INSTANTIATE_TEST_SUITE_P(Transports, Fork, ::testing::Values("epoll", "io_uring"),
                         [](const auto& instance) { return instance.param; });

TEST(ForkInProcess, LeavesATransportThatWasUsedToTheParent) {
  const std::string endpoint = "in process";
  TestService service;
  auto transport = NewInProcessTransport();
  Server server({.transport = transport.get()});
  ASSERT_TRUE(server.AddService(service.service()).ok());
  ASSERT_TRUE(server.Start(endpoint).ok());
  EXPECT_EQ(FaultsInChild([&] {
              Faults faults;
              const auto channel = Connect(endpoint, {.transport = transport.get()});
              faults.ExpectRefused(Echo(*channel).status(), "a call");
              faults.ExpectRefused(Start(*channel, kEcho, {}).get().status(), "a callback");
              faults.ExpectRefused(StartIoThread({.transport = transport.get()}).status(),
                                   "StartIoThread()");
              Server other({.transport = transport.get()});
              faults.ExpectRefused(other.Start("another"), "Start()");
              return faults.text();
            }),
            "");
  EXPECT_EQ(FaultsInChild([&] {
              Faults faults;
              transport = NewInProcessTransport();
              Server own({.transport = transport.get()});
              faults.ExpectOk(own.AddService(service.service()), "AddService()");
              faults.ExpectOk(own.Start(endpoint), "Start()");
              const auto channel = Connect(endpoint, {.transport = transport.get()});
              faults.ExpectOk(Echo(*channel).status(), "a call");
              faults.Expect(own.Shutdown(seconds(50)).clean(), "the end is not clean");
              return faults.text();
            }),
            "");
  const auto channel = Connect(endpoint, {.transport = transport.get()});
  EXPECT_TRUE(Echo(*channel).ok());
}

TEST(ForkWorkers, AreTheParentsOnceTheyWereUsed) {
  auto used = std::make_unique<WorkerPool>(2, 10);
  auto unused = std::make_unique<WorkerPool>(2, 10);
  const auto run = [](WorkerPool& pool) {
    auto done = std::make_shared<std::promise<void>>();
    absl::Status status = pool.Run([done] { done->set_value(); });
    if (status.ok()) done->get_future().wait();
    return status;
  };
  ASSERT_TRUE(run(*used).ok());
  EXPECT_EQ(FaultsInChild([&] {
              Faults faults;
              faults.ExpectRefused(run(*used), "a used pool");
              faults.ExpectOk(run(*unused), "an unused pool");
              used->Stop();
              used.reset();
              unused.reset();
              return faults.text();
            }),
            "");
  EXPECT_TRUE(run(*used).ok());
}

}  // namespace
}  // namespace piperpc::testing
