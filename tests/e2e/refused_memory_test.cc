// What a peer makes a process allocate, and the system refuses, costs the call or the connection,
// and nothing else. The refused allocations are chosen by their size and by the thread, of which
// the server's loop and the client have one each.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <new>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <utility>

#include "e2e/memory_refuser.h"
#include "piperpc/async.h"
#include "piperpc/client.h"
#include "piperpc/in_process.h"
#include "piperpc/internal/stubs.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "src/base/id_table.h"
#include "src/connection/packet_buffer.h"
#include "src/transport/transport.h"
#include "support/test_service.h"
#include "support/wire_client.h"
#include "transport/fixture.h"

namespace piperpc::testing {
namespace {

using internal::ClientMethod;
using std::chrono::seconds;
using ::testing::HasSubstr;
using wire::FrameKind;

constexpr ClientMethod kEcho{"test.v1.Test/Echo", MethodType::kUnary};
constexpr ClientMethod kBig{"test.v1.Test/Big", MethodType::kUnary};
constexpr ClientMethod kConcat{"test.v1.Test/Concat", MethodType::kClientStreaming};
constexpr ClientMethod kLarge{"test.v1.Test/Large", MethodType::kServerStreaming};
constexpr ClientMethod kWait{"test.v1.Test/Wait", MethodType::kUnary};
constexpr ClientMethod kMark{"mark.v1.Mark/Mark", MethodType::kUnary};
constexpr ClientMethod kTrailed{"mark.v1.Mark/Trailed", MethodType::kUnary};
constexpr ClientMethod kTrailUnary{"mark.v1.Mark/TrailUnary", MethodType::kUnary};
constexpr ClientMethod kTrailStream{"mark.v1.Mark/TrailStream", MethodType::kServerStreaming};

constexpr std::size_t kSize = 3 << 20;     // Of a large message.
constexpr std::size_t kMetadata = 7000;    // Of a value among the metadata.
constexpr std::size_t kPlaced = 4096 + 8;  // What a large buffer takes beside its bytes.
const std::string kSizeText = std::to_string(kSize);

class RefusedMemory : public transport::EachTransport {
 protected:
  void Begin() override {
    mark_.AddUnary("Mark", [](ServerContext&, RawMessage) { return Mark(); });
    mark_.AddUnary("TrailUnary", [](ServerContext& c, RawMessage) { return TrailUnary(c); });
    mark_.AddUnary("Trailed", [](ServerContext& c, RawMessage) { return Trailed(c); });
    mark_.AddServerStreaming("TrailStream",
                             [](ServerContext& c, RawMessage) { return TrailStream(c); });
    server_ = std::make_unique<Server>(ServerOptions{
        .log = [this](const LogRecord& record) { OnLog(record); }, .transport = transport_.get()});
    ASSERT_TRUE(server_->AddService(service_.service()).ok());
    ASSERT_TRUE(server_->AddService(mark_).ok());
    const absl::Status status = server_->Start(endpoint_);
    ASSERT_TRUE(status.ok()) << status;
    channel_ = Connect(endpoint_, {.default_timeout = seconds(60), .transport = transport_.get()});
  }
  void TearDown() override {
    RefuseMemory(0, 0);
    RefuseMemoryOfThisThread(false);
  }

  static Task<RawResult> Mark() {
    RefuseMemoryOfThisThread(true);
    co_return RawMessage{};
  }

  static Task<RawResult> Trailed(ServerContext& context) {
    context.AddTrailer("key", std::string(kMetadata, 't'));
    co_return RawMessage{};
  }

  // With trailers that the system has no memory to send.
  static void Trail(ServerContext& context) {
    RefuseMemoryOfThisThread(true);
    context.AddTrailer("key", std::string(kMetadata, 't'));
    Refuse(kMetadata, kMetadata + 100);
  }
  static Task<RawResult> TrailUnary(ServerContext& context) {
    Trail(context);
    co_return RawMessage{};
  }
  static Stream<RawMessage> TrailStream(ServerContext& context) {
    Trail(context);
    co_return;
  }

  // The thread that these marks is the one whose allocations are refused.
  void MarkServer() { ASSERT_TRUE(Call(kMark, "").ok()); }
  static void MarkThisThread() { RefuseMemoryOfThisThread(true); }
  void MarkClientLoop() {
    std::promise<void> marked;
    internal::StartUnary<RawMessage>(*channel_, kEcho, RawMessage{}, {},
                                     [&marked](absl::StatusOr<RawMessage>) {
                                       RefuseMemoryOfThisThread(true);
                                       marked.set_value();
                                     });
    marked.get_future().wait();
  }

  // See RefuseMemory(); what is kept for large messages is not used.
  static void Refuse(std::size_t least, std::size_t most, int skipped = 0) {
    connection::LargeBufferPool::OfProcess().Clear();
    RefuseMemory(least, most, skipped);
  }

  RawResult Call(const ClientMethod& method, std::string request) {
    return internal::CallUnary<RawMessage>(*channel_, method, RawMessage{std::move(request)}, {});
  }

  void ExpectNoMemory(const absl::Status& status, std::string_view text) {
    EXPECT_TRUE(absl::IsResourceExhausted(status)) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(std::string(text)));
    EXPECT_GT(RefusalsOfMemory(), 0);
  }

  // The connection and the server have not suffered.
  void ExpectServed() {
    Refuse(0, 0);
    const RawResult reply = Call(kEcho, std::string(kSize, 'e'));
    ASSERT_TRUE(reply.ok()) << reply.status();
    EXPECT_EQ(reply->bytes.size(), kSize);
    EXPECT_EQ(channel_->connections_made(), 1u);
  }

  void OnLog(const LogRecord& record) {
    if (record.event != "out of memory" && record.event != "handler threw") return;
    const std::lock_guard lock(mutex_);
    for (const auto& [key, value] : record.fields) logged_ += value + " ";
  }
  std::string logged() {
    const std::lock_guard lock(mutex_);
    return logged_;
  }

  TestService service_;
  RawService mark_{"mark.v1.Mark"};
  const std::string endpoint_ = UniqueEndpoint();
  std::mutex mutex_;
  std::string logged_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<Channel> channel_;
};

TEST_P(RefusedMemory, ForARequestThatIsPutTogetherEndsItsCall) {
  MarkServer();
  Refuse(kSize / 2, 2 * kSize);
  ExpectNoMemory(Call(kEcho, std::string(kSize, 'e')).status(), "a message of " + kSizeText);
  EXPECT_THAT(logged(), HasSubstr("test.v1.Test/Echo a message of " + kSizeText));
  ExpectServed();
}

TEST_P(RefusedMemory, ForTheParsingOfARequestEndsItsCall) {
  MarkServer();
  Refuse(kSize, kSize + 100);
  ExpectNoMemory(Call(kEcho, std::string(kSize, 'e')).status(), "a message of " + kSizeText);
  ExpectServed();
}

TEST_P(RefusedMemory, ForAHandlerEndsItsCall) {
  MarkServer();
  Refuse(kSize, kSize + 100);
  ExpectNoMemory(Call(kBig, kSizeText).status(), "ran out of memory");
  EXPECT_THAT(logged(), HasSubstr("test.v1.Test/Big"));
  ExpectServed();
}

TEST_P(RefusedMemory, ForAReplyEndsItsCall) {
  MarkServer();
  Refuse(kSize + kPlaced, kSize + kPlaced + 100);
  ExpectNoMemory(Call(kBig, kSizeText).status(), "a reply of " + kSizeText);
  EXPECT_THAT(logged(), HasSubstr("test.v1.Test/Big a reply of " + kSizeText));
  ExpectServed();
}

TEST_P(RefusedMemory, ForAMessageOfAStreamThatIsSentEndsItsCall) {
  MarkServer();
  Refuse(kSize + kPlaced, kSize + kPlaced + 100);
  auto stream = internal::OpenReader<RawMessage>(*channel_, kLarge, RawMessage{kSizeText}, {});
  EXPECT_FALSE(stream.Next().has_value());
  ExpectNoMemory(stream.status(), "a message of " + kSizeText);
  EXPECT_THAT(logged(), HasSubstr("test.v1.Test/Large a message of " + kSizeText));
  ExpectServed();
}

TEST_P(RefusedMemory, ForTheMetadataOfACallEndsThatCall) {
  MarkServer();
  Refuse(kMetadata, kMetadata + 100);
  CallOptions options;
  options.metadata = {{"key", std::string(kMetadata, 'v')}};
  ExpectNoMemory(internal::CallUnary<RawMessage>(*channel_, kEcho, RawMessage{}, options).status(),
                 "memory for metadata of ");
  EXPECT_THAT(logged(), HasSubstr("test.v1.Test/Echo metadata of "));
  ExpectServed();
}

TEST_P(RefusedMemory, ForTrailersEndsTheirCall) {
  const std::string text = "memory for a reply of " + std::to_string(kMetadata + 3);
  ExpectNoMemory(Call(kTrailUnary, "").status(), text);
  ExpectServed();
  auto stream = internal::OpenReader<RawMessage>(*channel_, kTrailStream, RawMessage{}, {});
  EXPECT_FALSE(stream.Next().has_value());
  ExpectNoMemory(stream.status(), text);
  ExpectServed();
}

// A small one as it waits for its handler, which is copied, and both as the handler takes them.
TEST_P(RefusedMemory, ForAMessageOfAStreamThatWaitsForItsHandlerEndsItsCall) {
  constexpr std::size_t kSmall = 50'000;  // In one frame.
  MarkServer();
  for (const auto& [size, skipped] : {std::pair(kSmall, 0), {kSmall, 1}, {kSize, 0}}) {
    Refuse(size, size + 100, skipped);
    auto stream = internal::OpenWriter<RawMessage, RawMessage>(*channel_, kConcat, {});
    stream.Write(RawMessage{std::string(size, 'm')});
    ExpectNoMemory(stream.Finish().status(), "a message of " + std::to_string(size) + " bytes");
  }
  ExpectServed();
}

TEST_P(RefusedMemory, ForWhatIsNoCallsEndsTheConnectionOnly) {
  MarkServer();
  Refuse(32 * 1024, 256 * 1024);
  std::string pings;
  for (int i = 0; i < 1000; ++i) pings += Encode({.kind = FrameKind::kPing}, std::string(64, 'p'));
  WireClient client(*transport_, endpoint_);
  client.Send({EncodedHello(), pings});
  absl::Status end;
  while (end.ok()) end = client.Next().status();
  EXPECT_TRUE(absl::IsUnavailable(end)) << end;
  EXPECT_GT(RefusalsOfMemory(), 0);
  EXPECT_THAT(logged(), HasSubstr("handling an event of the connection"));
  ExpectServed();
}

TEST_P(RefusedMemory, OfAClientForAReplyThatIsPutTogetherEndsItsCall) {
  MarkThisThread();
  Refuse(kSize / 2, 2 * kSize);
  ExpectNoMemory(Call(kBig, kSizeText).status(), "a message of " + kSizeText);
  ExpectServed();
}

TEST_P(RefusedMemory, OfAClientForTheParsingOfAReplyEndsItsCall) {
  MarkThisThread();
  Refuse(kSize, kSize + 100);
  ExpectNoMemory(Call(kBig, kSizeText).status(), "a message of " + kSizeText);
  ExpectServed();
}

TEST_P(RefusedMemory, OfAClientForItsRequestEndsItsCall) {
  const RawMessage request{std::string(kSize, 'r')};
  MarkThisThread();
  Refuse(kSize + kPlaced, kSize + kPlaced + 100);
  ExpectNoMemory(internal::CallUnary<RawMessage>(*channel_, kEcho, request, {}).status(),
                 "a request of " + kSizeText);
  ExpectServed();
}

TEST_P(RefusedMemory, OfAClientForItsRequestWithACallbackEndsItsCall) {
  const RawMessage request{std::string(kSize, 'r')};
  MarkThisThread();
  Refuse(kSize, kSize + 100);
  std::promise<absl::Status> status;
  internal::StartUnary<RawMessage>(
      *channel_, kEcho, request, {},
      [&status](const absl::StatusOr<RawMessage>& reply) { status.set_value(reply.status()); });
  std::future<absl::Status> end = status.get_future();
  ASSERT_EQ(end.wait_for(seconds(20)), std::future_status::ready);
  ExpectNoMemory(end.get(), "a request of " + kSizeText);
  ExpectNoMemory(internal::OpenReader<RawMessage>(*channel_, kLarge, request, {}).status(),
                 "a request of " + kSizeText);
  ExpectServed();
}

// Once as it is put together, and once as it waits for its reader.
TEST_P(RefusedMemory, OfAClientForAMessageOfAStreamEndsItsCall) {
  MarkClientLoop();
  const std::size_t placed = kSize + kPlaced;
  for (const std::size_t least : {placed, placed + sizeof(std::size_t)}) {
    Refuse(least, least + 4);
    auto stream = internal::OpenReader<RawMessage>(*channel_, kLarge, RawMessage{kSizeText}, {});
    EXPECT_FALSE(stream.Next().has_value());
    ExpectNoMemory(stream.status(), "a message of " + kSizeText);
  }
  ExpectServed();
}

TEST_P(RefusedMemory, OfAClientForTrailersEndsTheirCall) {
  const std::string text = "memory for trailers of ";
  Metadata trailers;
  CallOptions options;
  options.trailers = &trailers;
  MarkClientLoop();
  Refuse(kMetadata, kMetadata + 100);
  std::promise<absl::Status> end;
  internal::StartUnary<RawMessage>(
      *channel_, kTrailed, RawMessage{}, options,
      [&end](const absl::StatusOr<RawMessage>& reply) { end.set_value(reply.status()); });
  ExpectNoMemory(end.get_future().get(), text);
  ExpectServed();
  MarkThisThread();
  Refuse(kMetadata, kMetadata + 100);
  ExpectNoMemory(
      internal::CallUnary<RawMessage>(*channel_, kTrailed, RawMessage{}, options).status(), text);
  EXPECT_TRUE(trailers.empty());
  ExpectServed();
}

TEST_P(RefusedMemory, OfAClientForTheMetadataOfARequestEndsItsCall) {
  const std::string text = "memory for metadata of " + std::to_string(kMetadata + 3);
  CallOptions options;
  options.metadata = {{"key", std::string(kMetadata, 'v')}};
  MarkThisThread();
  Refuse(kMetadata, kMetadata + 100);
  ExpectNoMemory(internal::CallUnary<RawMessage>(*channel_, kEcho, RawMessage{}, options).status(),
                 text);
  std::promise<absl::Status> end;
  internal::StartUnary<RawMessage>(
      *channel_, kEcho, RawMessage{}, options,
      [&end](const absl::StatusOr<RawMessage>& reply) { end.set_value(reply.status()); });
  ExpectNoMemory(end.get_future().get(), text);
  ExpectNoMemory(
      internal::OpenReader<RawMessage>(*channel_, kLarge, RawMessage{}, options).status(), text);
  Refuse(0, 0);
  EXPECT_TRUE(Call(kEcho, "e").ok());
}

// The end is told though there is no memory for what it says.
TEST_P(RefusedMemory, OfAClientForWhatACallbackThrewEndsItsStream) {
  MarkClientLoop();
  std::promise<absl::Status> end;
  PendingCall call = internal::ListenToStream<RawMessage>(
      *channel_, kLarge, RawMessage{"10"}, {},
      [](RawMessage) {
        Refuse(60, 160);
        throw std::runtime_error("so");
      },
      [&end](absl::Status status) {
        EXPECT_GT(RefusalsOfMemory(), 0);
        RefuseMemory(0, 0);
        end.set_value(std::move(status));
      });
  EXPECT_TRUE(absl::IsInternal(end.get_future().get()));
  ExpectServed();
}

// Not even for its text, nor for the frame that tells the server of it.
TEST_P(RefusedMemory, OfAClientForACancelEndsItsCall) {
  std::promise<absl::Status> end;
  PendingCall call = internal::StartUnary<RawMessage>(
      *channel_, kWait, RawMessage{}, {},
      [&end](const absl::StatusOr<RawMessage>& reply) { end.set_value(reply.status()); });
  ASSERT_TRUE(service_.entered.WaitFor(1));
  MarkThisThread();
  Refuse(1, kSize);
  call.Cancel();
  EXPECT_GT(RefusalsOfMemory(), 0);
  RefuseMemory(0, 0);
  EXPECT_TRUE(absl::IsCancelled(end.get_future().get()));
  ExpectServed();
}

// Either it throws, and there is no call, or the call's end is told.
TEST_P(RefusedMemory, OfAClientForAListenerBeginsNoCallThatHasNoEnd) {
  ASSERT_TRUE(Call(kEcho, "").ok());
  MarkThisThread();
  int refused = 0;
  for (std::size_t least = 16; least < 400; least += 16) {
    const auto end = std::make_shared<std::promise<absl::Status>>();
    std::optional<PendingCall> call;
    RefuseMemory(least, least + 15);
    try {
      call = internal::ListenToStream<RawMessage>(
          *channel_, kLarge, RawMessage{"10"}, {}, [](const RawMessage&) {},
          [end](absl::Status status) { end->set_value(std::move(status)); });
    } catch (const std::bad_alloc&) {
    }
    refused += RefusalsOfMemory();
    RefuseMemory(0, 0);
    if (!call.has_value()) continue;
    EXPECT_EQ(end->get_future().wait_for(seconds(60)), std::future_status::ready) << least;
  }
  EXPECT_GT(refused, 0);
  ExpectServed();
}

TEST_P(RefusedMemory, OfAClientToKeepAMessageEndsTheCallThatItIsWrittenTo) {
  std::promise<absl::Status> end;
  const auto writer = internal::StartWriter<RawMessage, RawMessage>(
      *channel_, kConcat, {},
      [&end](const absl::StatusOr<RawMessage>& reply) { end.set_value(reply.status()); });
  MarkThisThread();
  Refuse(sizeof(internal::MessageWrite<RawMessage>), sizeof(internal::MessageWrite<RawMessage>));
  std::vector<absl::Status> told;
  writer.Write(RawMessage{"x"}, [&told](absl::Status status) { told.push_back(status); });
  ASSERT_EQ(told.size(), 1u);
  ExpectNoMemory(told[0], "a message of 1");
  ExpectNoMemory(end.get_future().get(), "a message of 1");
  ExpectServed();
}

// One of each size, at each place: no call is left without an end, and no other call suffers.
TEST_P(RefusedMemory, OfAClientForAnythingAtAllEndsOneCallAtTheMost) {
  RawMessage request;
  const RawMessage first{"first"};
  auto bystander = internal::OpenWriter<RawMessage, RawMessage>(*channel_, kConcat, {});
  ASSERT_TRUE(bystander.Write(first));
  const std::pair<const char*, std::function<absl::Status()>> forms[] = {
      {"blocking",
       [&] { return internal::CallUnary<RawMessage>(*channel_, kEcho, request, {}).status(); }},
      {"callback",
       [&] {
         const auto end = std::make_shared<std::promise<absl::Status>>();
         std::future<absl::Status> ended = end->get_future();
         internal::StartUnary<RawMessage>(
             *channel_, kEcho, request, {},
             [end](const absl::StatusOr<RawMessage>& reply) { end->set_value(reply.status()); });
         RefuseMemoryOfThisThread(false);
         return ended.get();
       }},
      {"replies",
       [&] {
         auto stream = internal::OpenReader<RawMessage>(*channel_, kLarge, RawMessage{"10"}, {});
         while (stream.Next().has_value()) {
         }
         return stream.status();
       }},
      {"requests",
       [&] {
         auto stream = internal::OpenWriter<RawMessage, RawMessage>(*channel_, kConcat, {});
         stream.Write(request);
         return stream.Finish().status();
       }},
      {"requests with callbacks", [&] {
         const auto end = std::make_shared<std::promise<absl::Status>>();
         std::future<absl::Status> ended = end->get_future();
         const auto writer = internal::StartWriter<RawMessage, RawMessage>(
             *channel_, kConcat, {},
             [end](const absl::StatusOr<RawMessage>& reply) { end->set_value(reply.status()); });
         writer.Write(request, nullptr);
         writer.WritesDone();
         RefuseMemoryOfThisThread(false);
         return ended.get();
       }}};
  int refused = 0;
  const auto try_it = [&](const auto& form, std::size_t least, int skipped) {
    const auto& [name, call] = form;
    SCOPED_TRACE(::testing::Message()
                 << name << " " << request.bytes.size() << " " << least << " " << skipped);
    absl::Status status;
    Refuse(least, 2 * least - 1, skipped);
    MarkThisThread();
    try {
      status = call();
    } catch (const std::bad_alloc&) {  // Before there was a call.
    }
    RefuseMemoryOfThisThread(false);
    refused += RefusalsOfMemory();
    EXPECT_TRUE(status.ok() || absl::IsResourceExhausted(status)) << status;
  };
  for (const std::size_t size : {100, 100'000}) {
    request.bytes.assign(size, 'r');
    for (const auto& form : forms) {
      for (std::size_t least = 8; least < 512 * 1024; least *= 2) {
        for (const int skipped : {0, 1, 2, 5}) try_it(form, least, skipped);
      }
    }
  }
  EXPECT_GT(refused, 0);
  const RawResult end = bystander.Finish();
  ASSERT_TRUE(end.ok()) << end.status();
  EXPECT_EQ(end->bytes, "first,");
  ExpectServed();
}

// The same where it is the first call.
TEST_P(RefusedMemory, OfAClientForItsFirstCallLeavesTheChannelAsItWas) {
  for (std::size_t least = 8; least < 512 * 1024; least *= 2) {
    for (const int skipped : {0, 1, 2, 5}) {
      SCOPED_TRACE(::testing::Message() << least << " " << skipped);
      channel_ =
          Connect(endpoint_, {.default_timeout = seconds(60), .transport = transport_.get()});
      Refuse(least, 2 * least - 1, skipped);
      MarkThisThread();
      absl::Status status;
      try {
        status = Call(kEcho, "e").status();
      } catch (const std::bad_alloc&) {
      }
      RefuseMemoryOfThisThread(false);
      EXPECT_TRUE(status.ok() || absl::IsResourceExhausted(status)) << status;
      EXPECT_TRUE(Call(kEcho, "e").ok());
    }
  }
}

// What is not of a connection.
class RefusedMemoryOfThisThread : public ::testing::Test {
 protected:
  void TearDown() override { End(); }

  static void Begin(std::size_t least, std::size_t most, int skipped = 0) {
    RefuseMemory(least, most, skipped);
    RefuseMemoryOfThisThread(true);
  }
  static void End() {
    RefuseMemoryOfThisThread(false);
    RefuseMemory(0, 0);
  }
};

struct Numbered : base::IdTableLink<Numbered> {
  explicit Numbered(std::uint64_t its_number) : number(its_number) {}
  std::uint64_t id() const { return number; }
  std::uint64_t number;
};

TEST_F(RefusedMemoryOfThisThread, LeavesATableAsItWas) {
  std::deque<Numbered> items;
  for (std::uint64_t id = 1; id <= 100; ++id) items.emplace_back(id);
  base::IdTable<Numbered> table;
  Begin(1, 1 << 20);
  EXPECT_THROW(table.Add(items[0]), std::bad_alloc);
  EXPECT_TRUE(table.empty());
  End();
  table.Add(items[0]);
  Begin(1, 1 << 20);
  for (std::size_t i = 1; i < items.size(); ++i) table.Add(items[i]);
  EXPECT_GT(RefusalsOfMemory(), 0);
  End();
  for (Numbered& item : items) EXPECT_EQ(table.Find(item.number), &item);
}

Task<bool> CountOne(WorkerPool& workers, std::stop_token stop, std::atomic<int>& count) {
  const auto add = [&count] {
    ++count;
    return absl::OkStatus();
  };
  auto work = RunBlocking(workers, add, stop);
  const absl::Status status = co_await work;
  if (!status.ok()) throw std::bad_alloc();
  co_return true;
}

TEST_F(RefusedMemoryOfThisThread, LosesNoWorkOfAPoolAndRunsNoneThatWasRefused) {
  std::atomic<int> ran = 0;
  int taken = 0;
  int refused = 0;
  WorkerPool pool(2, 1000);
  WorkerPool part(pool, "somebody");
  std::stop_source stop;
  for (std::size_t least = 8; least < 4096; least *= 2) {
    for (int skipped = 0; skipped < 6; ++skipped) {
      SCOPED_TRACE(::testing::Message() << least << " " << skipped);
      Begin(least, 2 * least - 1, skipped);
      try {
        SyncWait(CountOne(part, stop.get_token(), ran));
        ++taken;
      } catch (const std::bad_alloc&) {
        ++refused;
      }
      End();
    }
  }
  ASSERT_TRUE(pool.Stop());
  EXPECT_GT(refused, 0);
  EXPECT_GT(taken, 0);
  EXPECT_EQ(ran, taken);
}

// Middleware of a server that has no memory, where the texts of errors need some: they have the
// method's name in them, and that is long.
class NoMemoryMiddleware final : public ServerMiddleware {
 public:
  absl::Status Before(ServerContext& context) override {
    if (context.method().size() < kLongName) return absl::OkStatus();
    context.AddTrailer("key", std::string(kLongName, 't'));
    RefuseMemoryOfThisThread(true);
    // Of a name that nobody knows, the text has a part.
    RefuseMemory(context.method().ends_with("unknown") ? kLongName / 3 : kLongName,
                 kLongName + 300);
    if (context.method().ends_with("throws")) throw std::bad_alloc();
    return absl::OkStatus();
  }
  void After(ServerContext& context, const absl::Status& status) override {
    if (context.method().size() < kLongName) return;
    RefuseMemoryOfThisThread(false);
    seen.set_value(status.code());
  }

  static constexpr std::size_t kLongName = 700;
  std::promise<absl::StatusCode> seen;
};

class NoMemoryForTexts : public ::testing::Test {
 protected:
  static std::string NameOf(const std::string& what) {
    return "l.L/" + std::string(NoMemoryMiddleware::kLongName, 'l') + what;
  }
  void SetUp() override {
    service_.AddUnary(NameOf("throws").substr(4),
                      [](ServerContext&, RawMessage) { return Fine(); });
    service_.AddUnary(NameOf("fails").substr(4), [](ServerContext&, RawMessage) { return Fail(); });
    ASSERT_TRUE(server_.AddService(service_).ok());
    ASSERT_TRUE(server_.Start(endpoint_).ok());
  }
  void TearDown() override {
    server_.Shutdown(seconds(60));
    RefuseMemory(0, 0);
  }

  static Task<RawResult> Fine() { co_return RawMessage{}; }
  static Task<RawResult> Fail() {
    throw std::bad_alloc();
    co_return RawMessage{};
  }

  // Its client gets RESOURCE_EXHAUSTED, and the next call is served.
  void ExpectRefused(const std::string& what) {
    WireClient client(*transport_, endpoint_);
    client.Send({EncodedHello(), EncodedRequest(1, NameOf(what), "")});
    EXPECT_TRUE(absl::IsResourceExhausted(client.NextAfterHello().status));
    EXPECT_GT(RefusalsOfMemory(), 0);
    RefuseMemory(0, 0);
    client.Send({EncodedRequest(2, "l.L/None", "")});
    EXPECT_TRUE(absl::IsUnimplemented(client.NextAfterHello().status));
  }

  std::shared_ptr<transport::Transport> transport_ = NewInProcessTransport();
  std::shared_ptr<NoMemoryMiddleware> middleware_ = std::make_shared<NoMemoryMiddleware>();
  RawService service_{"l.L"};
  const std::string endpoint_ = UniqueEndpoint();
  Server server_{{.middleware = {middleware_}, .transport = transport_.get()}};
};

TEST_F(NoMemoryForTexts, OfAMiddlewareThatThrowsEndsItsCall) { ExpectRefused("throws"); }

TEST_F(NoMemoryForTexts, OfAHandlerThatThrowsEndsItsCall) {
  ExpectRefused("fails");
  EXPECT_EQ(middleware_->seen.get_future().get(), absl::StatusCode::kResourceExhausted);
}

// Neither for its trailers nor for the text: so nobody can tell the client, and it is closed.
TEST_F(NoMemoryForTexts, OfARefusalEndsTheConnectionAndMiddlewareSeesIt) {
  WireClient client(*transport_, endpoint_);
  client.Send({EncodedHello(), EncodedRequest(1, NameOf("unknown"), "")});
  EXPECT_EQ(middleware_->seen.get_future().get(), absl::StatusCode::kUnimplemented);
  EXPECT_GT(RefusalsOfMemory(), 0);
  absl::Status end;
  while (end.ok()) end = client.Next().status();
  EXPECT_TRUE(absl::IsUnavailable(end)) << end;
}

INSTANTIATE_TEST_SUITE_P(Transports, RefusedMemory,
                         ::testing::ValuesIn(transport::TransportNames()),
                         [](const auto& instance) { return instance.param; });

}  // namespace
}  // namespace piperpc::testing
