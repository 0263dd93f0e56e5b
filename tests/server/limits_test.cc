// The server's limits, each with what a client gets at it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "server/server_fixture.h"
#include "support/eventually.h"

namespace piperpc::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;
using wire::FrameKind;

// Of calls that end together, when what their handlers wait for has come.
constexpr std::size_t kLargeReply = 4'000'000;
const std::string kLargeReplyText = std::to_string(kLargeReply);

// Why the server has ended connections, by its log.
class Reasons {
 public:
  LogHook hook() {
    return [this](const LogRecord& record) {
      if (record.event != "connection ended by the server") return;
      const std::lock_guard lock(mutex_);
      for (const auto& [key, value] : record.fields) {
        if (key == "reason") all_.push_back(value);
      }
    };
  }
  std::vector<std::string> all() {
    const std::lock_guard lock(mutex_);
    return all_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> all_;
};

class Limits : public ServerFixture {
 protected:
  // To a call of a new connection. False too when the machine has kept it from reading in time.
  bool AnotherGetsALargeReply() {
    WireClient other = Connect();
    other.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Big", kLargeReplyText)});
    std::size_t size = 0;
    for (bool more = true; more;) {
      const auto frame = other.Next();
      if (!frame.ok() || !frame->status.ok() || frame->kind == FrameKind::kGoaway) return false;
      if (frame->kind == FrameKind::kHello) continue;
      size += frame->payload.size();
      more = (frame->flags & wire::kMore) != 0;
    }
    return size == kLargeReply;
  }

  void TearDown() override { server_.reset(); }  // It tells what is here.

  Reasons reasons_;
};

TEST_F(Limits, OptionOutOfRangeIsNamedWithItsRange) {
  Server server({.max_packet_bytes = 1000});
  const absl::Status status = server.Start(endpoint_);
  EXPECT_TRUE(absl::IsInvalidArgument(status));
  EXPECT_THAT(std::string(status.message()), HasSubstr("max_packet_bytes is 1000"));
}

TEST_F(Limits, AnOptionBelowZeroIsNamedAsItIs) {
  const std::pair<ServerOptions, const char*> cases[] = {
      {{.spin = std::chrono::microseconds(-7)}, "spin (us) is -7; it must be from 0 to 10000"},
      {{.hello_timeout = std::chrono::milliseconds(-5)}, "hello_timeout (ms) is -5; it must be "},
      {{.message_timeout = std::chrono::milliseconds(-1)}, "(ms) is -1; it must be 1 or more"}};
  for (const auto& [options, text] : cases) {
    EXPECT_THAT(std::string(Server(options).Start(endpoint_).message()), HasSubstr(text));
  }
}

// Whatever it is, the server can be made, and its start says what is wrong.
TEST_F(Limits, AnOptionFarAboveItsRangeIsNamedByTheStart) {
  constexpr std::size_t kMost = std::numeric_limits<std::size_t>::max();
  const std::pair<ServerOptions, const char*> cases[] = {
      {{.event_loops = kMost}, "event_loops is 18446744073709551615; it must be"},
      {{.max_connections = kMost}, "max_connections is"},
      {{.max_message_bytes = kMost}, "max_message_bytes is"},
      {{.worker_threads = kMost}, "worker_threads is"}};
  for (const auto& [options, text] : cases) {
    EXPECT_THAT(std::string(Server(options).Start(endpoint_).message()), HasSubstr(text));
  }
}

TEST_F(Limits, TimesThatDoNotFitTheClockAreNoLimit) {
  Start({.hello_timeout = std::chrono::milliseconds::max(),
         .message_timeout = std::chrono::milliseconds::max()});
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "served")});
  EXPECT_EQ(client.NextAfterHello().payload, "served");
}

TEST_F(Limits, WhatIsWrongCanBeToldWithoutStarting) {
  EXPECT_TRUE(Server::Check(endpoint_, {}).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(Server::Check("not a name", {})));
  EXPECT_TRUE(absl::IsInvalidArgument(Server::Check(endpoint_, {.backend = "telepathy"})));
  EXPECT_TRUE(absl::IsInvalidArgument(Server::Check(endpoint_, {.event_loops = 0})));
  ServerOptions access;
  access.access.preset = Access::Preset::kRaw;
  access.access.raw = "nobody knows";
  EXPECT_TRUE(absl::IsInvalidArgument(Server::Check(endpoint_, access)));
}

TEST_F(Limits, SilentClientIsToldAndClosed) {
  Start({.hello_timeout = std::chrono::milliseconds(30)});
  WireClient client = Connect();
  const absl::Status reason = client.Goaway();
  EXPECT_TRUE(absl::IsDeadlineExceeded(reason)) << reason;
  EXPECT_THAT(std::string(reason.message()),
              HasSubstr("no Hello came within 30 ms (hello_timeout)"));
}

TEST_F(Limits, SilentClientsDoNotKeepOthersOut) {
  Start({.max_connections_before_hello = 4});
  std::deque<WireClient> silent;
  for (int i = 0; i < 50; ++i) silent.emplace_back(transport(), endpoint_);
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "served")});
  EXPECT_EQ(client.NextAfterHello().payload, "served");
}

TEST_F(Limits, CallsInFlight) {
  Start({.max_calls_per_connection = 16});
  WireClient client = Connect();
  std::string requests;
  for (int i = 1; i <= 17; ++i) requests += EncodedRequest(i, "test.v1.Test/Wait", "");
  client.Send({EncodedHello(), requests});
  const OwnedFrame refused = client.NextAfterHello();
  EXPECT_EQ(refused.call_id, 17u);
  EXPECT_TRUE(absl::IsResourceExhausted(refused.status));
  EXPECT_THAT(
      std::string(refused.status.message()),
      HasSubstr("16 calls are in flight on this connection (a cancelled one counts until its "
                "handler has ended); the limit is 16 (max_calls_per_connection)"));
}

TEST_F(Limits, SlotIsFreeOnlyWhenTheHandlerHasEnded) {
  Start({.max_calls_per_connection = 16});
  WireClient client = Connect();
  std::string frames;
  for (int i = 1; i <= 16; ++i) {
    frames += EncodedRequest(i, "test.v1.Test/Stubborn", "") +
              Encode({.kind = FrameKind::kCancel, .call_id = static_cast<std::uint64_t>(i)});
  }
  client.Send({EncodedHello(), frames, EncodedRequest(17, "test.v1.Test/Echo", "")});
  EXPECT_TRUE(absl::IsResourceExhausted(client.NextAfterHello().status));
}

TEST_F(Limits, MetadataAboveTheLimit) {
  Start();
  WireClient client = Connect();
  const std::string entry = std::string("\x32\x88\x47\x0a\x01k\x12\x82\x47", 9) +
                            std::string(9090, 'v');  // metadata { key: "k" value: 9,090 bytes }
  client.Send({EncodedHello(), Encode({.kind = FrameKind::kRequest,
                                       .call_id = 1,
                                       .flags = wire::kEnd,
                                       .method = "test.v1.Test/Meta",
                                       .metadata = entry})});
  const OwnedFrame reply = client.NextAfterHello();
  EXPECT_TRUE(absl::IsResourceExhausted(reply.status)) << reply.status;
  EXPECT_THAT(std::string(reply.status.message()),
              HasSubstr("bytes; the limit is 8192 (max_metadata_bytes)"));
}

TEST_F(Limits, ParseBudgetOfAllConnections) {
  Start({.max_message_bytes = 1024 * 1024, .parse_budget_bytes = 1024 * 1024});
  const std::string part(60'000, 'p');
  const auto begin = [&](std::uint64_t id) {
    return Encode({.kind = FrameKind::kRequest,
                   .call_id = id,
                   .flags = wire::kEnd | wire::kMore,
                   .method = "test.v1.Test/Echo",
                   .message_size = 1'000'000},
                  part);
  };
  WireClient client = Connect();
  client.Send({EncodedHello()});
  for (std::uint64_t id = 1; id <= 20; ++id) client.Send({begin(id)});
  const OwnedFrame refused = client.NextAfterHello();
  EXPECT_TRUE(absl::IsResourceExhausted(refused.status)) << refused.status;
  EXPECT_THAT(
      std::string(refused.status.message()),
      AllOf(HasSubstr("cannot receive 60000 more bytes of a message: the messages that are "
                      "being received or wait for their handlers have reached the limit of "),
            HasSubstr("); try again later")));
}

// Whether unary or streamed.
TEST_F(Limits, AClientThatReadsNoneOfItsLargeRepliesIsClosedInTheEnd) {
  Start({.max_message_bytes = kLargeReply,
         .reply_budget_bytes = kLargeReply,
         .message_timeout = std::chrono::milliseconds(200),
         .log = reasons_.hook()});
  for (const char* method : {"test.v1.Test/Big", "test.v1.Test/Large"}) {
    ASSERT_TRUE(Eventually([this] { return server_->stats().connections == 0; }));
    WireClient frozen = Connect();
    frozen.Send({EncodedHello(), EncodedRequest(1, method, kLargeReplyText)});
    ASSERT_TRUE(Eventually([this] { return server_->stats().connections == 1; }));
    ASSERT_TRUE(Eventually([this] { return server_->stats().connections == 0; })) << method;
    EXPECT_TRUE(Eventually([this] { return AnotherGetsALargeReply(); })) << method;
  }
  EXPECT_THAT(
      reasons_.all(),
      Contains(AllOf(HasSubstr("the pipe to the client has taken nothing for 200 ms, while "),
                     HasSubstr("bytes of replies wait for it; the limit is message_timeout, "
                               "for replies above output_queue_bytes; read faster"))));
}

// Nor is one waited for that says that it goes away, and then stays.
TEST_F(Limits, AClientThatGoesAwayAndReadsNoneOfItsLargeReplyIsClosedInTheEnd) {
  Start({.max_message_bytes = kLargeReply,
         .reply_budget_bytes = kLargeReply,
         .message_timeout = std::chrono::milliseconds(200)});
  WireClient frozen = Connect();
  frozen.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Big", kLargeReplyText),
               Encode({.kind = FrameKind::kGoaway}, wire::EncodeGoaway({absl::OkStatus(), 0}))});
  ASSERT_TRUE(Eventually([this] { return server_->stats().connections == 1; }));
  EXPECT_TRUE(Eventually([this] { return server_->stats().connections == 0; }));
}

// Though a handler of it goes on.
TEST_F(Limits, AClientThatIsGoneHoldsNoMemoryForReplies) {
  Start({.max_message_bytes = kLargeReply, .reply_budget_bytes = kLargeReply});
  {
    WireClient gone = Connect();
    gone.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Stubborn", ""),
               EncodedRequest(2, "test.v1.Test/Big", kLargeReplyText)});
    ASSERT_TRUE(service_.entered.WaitFor(2));
    ASSERT_TRUE(Eventually([this] { return server_->stats().calls == 1; }));
  }
  ASSERT_TRUE(Eventually([this] { return AnotherGetsALargeReply(); }));
  service_.release.Set();
}

// Those of 100,000 bytes leave less than that of the memory, which all small ones together exceed.
TEST_F(Limits, ASmallReplyIsNotRefusedForWhatLargeOnesHold) {
  RawService sized("s.S");
  sized.AddUnary("Sized", [this](ServerContext&, RawMessage size) -> Task<RawResult> {
    service_.entered.Add();
    auto passing = service_.release.Pass();
    co_await passing;
    co_return RawMessage{std::string(std::stoul(size.bytes), 's')};
  });
  Start({.max_message_bytes = kLargeReply,
         .output_queue_bytes = 128 * 1024,
         .reply_budget_bytes = kLargeReply},
        {&sized});
  WireClient client = Connect();
  std::string requests = EncodedRequest(1, "s.S/Sized", kLargeReplyText);
  for (std::uint64_t id = 2; id <= 51; ++id) {
    requests += EncodedRequest(id, "s.S/Sized", "100000");
  }
  for (std::uint64_t id = 52; id <= 91; ++id) requests += EncodedRequest(id, "s.S/Sized", "4000");
  client.Send({EncodedHello(), requests});
  ASSERT_TRUE(service_.entered.WaitFor(91));
  service_.release.Set();
  ASSERT_TRUE(Eventually([this] { return server_->stats().calls == 0; }));  // Nothing is read.
  std::map<std::uint64_t, absl::Status> ends;
  while (ends.size() < 91) {
    const OwnedFrame frame = client.NextAfterHello();
    if ((frame.flags & wire::kMore) == 0) ends[frame.call_id] = frame.status;
  }
  std::uint64_t refused = 0;
  for (const auto& [id, status] : ends) {
    refused += absl::IsResourceExhausted(status);
    EXPECT_TRUE(status.ok() || (2 <= id && id <= 51)) << id << " " << status;
  }
  EXPECT_GT(refused, 0u);
}

TEST_F(Limits, RepliesThatTheirClientDoesNotRead) {
  constexpr std::uint64_t kCalls = 12;
  constexpr std::size_t kSize = 1'000'000;
  RawService large("b.B");
  large.AddUnary("Large", [this](ServerContext&, RawMessage) -> Task<RawResult> {
    service_.entered.Add();
    auto passing = service_.release.Pass();
    co_await passing;
    co_return RawMessage{std::string(kSize, 'r')};
  });
  Start({.max_message_bytes = kSize, .reply_budget_bytes = 16 * kSize}, {&large});
  WireClient client = Connect();
  std::string requests;
  for (std::uint64_t id = 1; id <= kCalls; ++id) requests += EncodedRequest(id, "b.B/Large", "");
  client.Send({EncodedHello(), requests});
  ASSERT_TRUE(service_.entered.WaitFor(kCalls));
  service_.release.Set();
  ASSERT_TRUE(Eventually([this] { return server_->stats().calls == 0; }));  // Nothing is read.
  std::size_t bytes = 0;
  std::uint64_t refused = 0;
  for (std::uint64_t ended = 0; ended < kCalls;) {
    const OwnedFrame frame = client.NextAfterHello();
    bytes += frame.payload.size();
    if ((frame.flags & wire::kMore) != 0) continue;
    ++ended;
    if (frame.status.ok()) continue;
    ++refused;
    EXPECT_TRUE(absl::IsResourceExhausted(frame.status)) << frame.status;
    EXPECT_THAT(std::string(frame.status.message()), HasSubstr("cannot queue the reply: "));
    EXPECT_THAT(
        std::string(frame.status.message()),
        HasSubstr("(reply_budget_bytes, the share of a connection); try again later, or make "
                  "fewer calls with large replies at once"));
  }
  EXPECT_GT(refused, 0u);
  EXPECT_GE(bytes, 4 * kSize);  // The share of a connection.
  EXPECT_EQ(bytes, (kCalls - refused) * kSize);
  client.Send({EncodedRequest(kCalls + 1, "b.B/Large", "")});  // Others are served again.
  std::size_t again = 0;
  while (again < kSize) {
    const OwnedFrame frame = client.NextAfterHello();
    ASSERT_TRUE(frame.status.ok()) << frame.status;
    again += frame.payload.size();
  }
}

TEST_F(Limits, ConnectionsOfOneUser) {
  Start({.max_connections_per_user = 2});
  WireClient first = Connect();
  WireClient second = Connect();
  first.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "1")});
  second.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "2")});
  EXPECT_EQ(first.NextAfterHello().payload, "1");
  EXPECT_EQ(second.NextAfterHello().payload, "2");
  WireClient third = Connect();
  const absl::Status reason = third.Goaway();
  EXPECT_TRUE(absl::IsResourceExhausted(reason)) << reason;
  EXPECT_THAT(
      std::string(reason.message()),
      HasSubstr("2 connections, which is the limit (max_connections_per_user); try again later"));
}

TEST_F(Limits, RefusedConnectionsOfAUserHoldNoPlaceOfOthersNorOfHisOwn) {
  Start({.max_connections = 3, .max_connections_per_user = 2});
  WireClient first = Connect();
  WireClient second = Connect();
  first.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "1")});
  second.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "2")});
  EXPECT_EQ(first.NextAfterHello().payload, "1");
  EXPECT_EQ(second.NextAfterHello().payload, "2");
  // They are told so while those before them, told so as well, are still open.
  std::deque<WireClient> refused;
  for (int i = 0; i < 20; ++i) {
    const OwnedFrame goaway = refused.emplace_back(transport(), endpoint_).NextAfterHello();
    ASSERT_EQ(goaway.kind, wire::FrameKind::kGoaway);
    EXPECT_THAT(std::string(wire::DecodeGoaway(goaway.payload)->status.message()),
                HasSubstr("max_connections_per_user"));
    EXPECT_LE(server_->stats().connections, 2u);
  }
  first.Close();
  ASSERT_TRUE(Eventually([this] { return server_->stats().connections < 2; }));
  WireClient next = Connect();
  next.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "3")});
  EXPECT_EQ(next.NextAfterHello().payload, "3");
}

TEST_F(Limits, ConnectionAboveTheLimitIsToldSo) {
  Start({.max_connections = 1});
  WireClient first = Connect();
  first.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "1")});
  EXPECT_EQ(first.NextAfterHello().payload, "1");
  for (int i = 0; i < 3; ++i) {
    const absl::Status reason = Connect().Goaway();
    EXPECT_TRUE(absl::IsResourceExhausted(reason)) << reason;
    EXPECT_THAT(std::string(reason.message()), HasSubstr("1 connections"));
    EXPECT_THAT(std::string(reason.message()), HasSubstr("max_connections"));
  }
}

TEST_F(Limits, ConnectionIsServedWhenAnotherHasBeenClosed) {
  Start({.max_connections = 1});
  WireClient first = Connect();
  first.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "1")});
  EXPECT_EQ(first.NextAfterHello().payload, "1");
  first.Close();
  ASSERT_TRUE(Eventually([this] { return server_->stats().connections < 1; }));
  WireClient second = Connect();
  second.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "2")});
  EXPECT_EQ(second.NextAfterHello().payload, "2");
}

}  // namespace
}  // namespace piperpc::testing
