#include "piperpc/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "server/server_fixture.h"

namespace piperpc::testing {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

class Logging : public ServerFixture {
 protected:
  ~Logging() override { server_.reset(); }  // It logs to its very end.

  LogHook Hook() {
    return [this](const LogRecord& record) {
      const std::lock_guard lock(mutex_);
      records_.push_back({record.level, std::string(record.event), record.fields});
    };
  }

  struct Record {
    LogLevel level;
    std::string event;
    decltype(LogRecord::fields) fields;
  };
  std::vector<Record> records() {
    const std::lock_guard lock(mutex_);
    return records_;
  }

 private:
  std::mutex mutex_;
  std::vector<Record> records_;
};

TEST_F(Logging, TellsWhyTheServerEndsAConnection) {
  Start({.log = Hook()});
  WireClient client = Connect();
  client.Send({EncodedRequest(1, "test.v1.Test/Echo", "no Hello before it")});
  EXPECT_TRUE(absl::IsInvalidArgument(client.Goaway()));

  const std::vector<Record> records = this->records();
  ASSERT_GE(records.size(), 2u);
  EXPECT_EQ(records[0].event, "listening");
  EXPECT_EQ(records[1].event, "connection ended by the server");
  EXPECT_EQ(records[1].level, LogLevel::kWarning);
  EXPECT_THAT(records[1].fields,
              ElementsAre(Pair("peer_pid", Not(IsEmpty())), Pair("peer_user", Not(IsEmpty())),
                          Pair("reason", HasSubstr("must be a Hello"))));
}

TEST_F(Logging, TellsWhyAClientEndsAConnectionInTextThatIsUtf8) {
  Start({.log = Hook()});
  WireClient client = Connect();
  const std::string status("\x08\x0d\x12\x04no\xff\xc3", 8);  // INTERNAL, and a text that is not.
  client.Send({EncodedHello(),
               Encode({.kind = wire::FrameKind::kGoaway}, std::string("\x0a\x08", 2) + status)});
  while (client.Next().ok()) {
  }
  const std::vector<Record> records = this->records();
  ASSERT_GE(records.size(), 2u);
  EXPECT_EQ(records[1].event, "client ended the connection");
  EXPECT_THAT(records[1].fields, Contains(Pair("reason", "no??")));
}

TEST_F(Logging, TellsHowManyCallsWereAbortedAtTheEnd) {
  Start({.log = Hook()});
  server_->Shutdown(std::chrono::milliseconds(0));
  const std::vector<Record> records = this->records();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[1].event, "stopped");
  EXPECT_THAT(records[1].fields, ElementsAre(Pair("stopped_calls", "0"), Pair("aborted_calls", "0"),
                                             Pair("undelivered", "0"), Pair("delayed_loops", "0"),
                                             Pair("blocked_threads", "0")));
}

// That a handler cannot have, and that only its author can mend.
TEST_F(Logging, NamesAWrongTrailerAndItsCallerGetsInternal) {
  RawService service("t.T");
  service.AddUnary("Bad", [](ServerContext& context, RawMessage) -> Task<RawResult> {
    context.AddTrailer("Bad Key!\n", "x");
    co_return RawMessage{};
  });
  Start({.log = Hook()}, {&service});
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "t.T/Bad", "")});
  const absl::Status status = client.NextAfterHello().status;
  EXPECT_TRUE(absl::IsInternal(status)) << status;
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("the handler or a middleware"), Not(HasSubstr("Bad Key"))));
  const std::vector<Record> records = this->records();
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[1].event, "invalid trailer");
  EXPECT_THAT(records[1].fields,
              ElementsAre(Pair("method", "t.T/Bad"), Pair("reason", HasSubstr("\"Bad Key!\\n\""))));
}

TEST_F(Logging, TellsWhatOfAnErrorDoesNotReachItsCaller) {
  RawService service("t.T");
  service.AddUnary("Long", [](ServerContext&, RawMessage) -> Task<RawResult> {
    absl::Status status = absl::NotFoundError(std::string(20'000, 't'));
    status.SetPayload("type.googleapis.com/t.T", absl::Cord("d"));
    co_return status;
  });
  service.AddUnary("Many", [](ServerContext&, RawMessage) -> Task<RawResult> {
    absl::Status status = absl::NotFoundError("x");
    for (int i = 0; i < 66; ++i) {
      status.SetPayload("type.googleapis.com/t.T" + std::to_string(i), absl::Cord("d"));
    }
    co_return status;
  });
  Start({.log = Hook()}, {&service});
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Fail", ""),  // All of it does.
               EncodedRequest(2, "t.T/Long", ""), EncodedRequest(3, "t.T/Many", "")});
  client.NextAfterHello();
  const std::size_t kept = client.NextAfterHello().status.message().size();
  client.NextAfterHello();
  const std::vector<Record> records = this->records();
  ASSERT_EQ(records.size(), 3u);
  EXPECT_EQ(records[1].event, "error details cut");
  EXPECT_THAT(records[1].fields, ElementsAre(Pair("method", "t.T/Long"),
                                             Pair("lost_text_bytes", std::to_string(20'000 - kept)),
                                             Pair("lost_details", "1")));
  EXPECT_THAT(records[2].fields,
              ElementsAre(Pair("method", "t.T/Many"), Pair("lost_text_bytes", "0"),
                          Pair("lost_details", "2")));
}

TEST_F(Logging, TellsWhyAConnectionIsRefused) {
  Start({.max_connections = 1, .log = Hook()});
  WireClient first = Connect();
  first.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "x")});
  EXPECT_EQ(first.NextAfterHello().payload, "x");
  WireClient second = Connect();
  EXPECT_TRUE(absl::IsResourceExhausted(second.Goaway()));
  const std::vector<Record> records = this->records();
  ASSERT_GE(records.size(), 2u);
  EXPECT_EQ(records[1].event, "connection refused");
  EXPECT_THAT(records[1].fields, Contains(Pair("reason", HasSubstr("max_connections"))));
}

// What the hook hears of is done: it may come back.
TEST_F(Logging, AHookMayShutTheServerDownAndAskForMore) {
  std::unique_ptr<Server> server;
  RawService late("late.v1.Late");
  absl::Status added;
  absl::Status waited;
  ShutdownReport report;
  server = std::make_unique<Server>(
      ServerOptions{.log =
                        [&](const LogRecord& record) {
                          if (record.event == "listening") {
                            added = server->AddService(late);
                            report = server->Shutdown(std::chrono::milliseconds(0));
                          } else if (record.event == "stopped") {
                            EXPECT_TRUE(server->Shutdown(std::chrono::milliseconds(0)).clean());
                            waited = server->Wait();
                          }
                        },
                    .transport = &transport()});
  EXPECT_TRUE(server->Start(endpoint_).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(added)) << added;
  EXPECT_TRUE(report.clean()) << report.status;
  EXPECT_TRUE(absl::IsFailedPrecondition(waited)) << waited;  // It would wait for the hook.
}

}  // namespace
}  // namespace piperpc::testing
