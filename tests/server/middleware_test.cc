#include "piperpc/middleware.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "server/server_fixture.h"

namespace piperpc::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

// What several of them saw, in order.
class Journal {
 public:
  void Add(std::string line) {
    std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
  }
  std::vector<std::string> lines() {
    std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::vector<std::string> lines_;
};

class Recorder final : public ServerMiddleware {
 public:
  Recorder(std::string name, Journal& journal, std::string refused = {})
      : name_(std::move(name)), journal_(journal), refused_(std::move(refused)) {}

  absl::Status Before(ServerContext& context) override {
    journal_.Add(name_ + " before " + std::string(context.method()));
    if (context.method() == refused_) return absl::PermissionDeniedError(name_ + " says no");
    return absl::OkStatus();
  }
  void After(ServerContext&, const absl::Status& status) override {
    journal_.Add(name_ + " after " + absl::StatusCodeToString(status.code()));
  }

 private:
  const std::string name_;
  Journal& journal_;
  const std::string refused_;
};

class Middleware : public ServerFixture {
 protected:
  Journal journal_;
};

TEST_F(Middleware, SeesEveryCallInOrderAndHowItEnded) {
  Start({.middleware = {std::make_shared<Recorder>("a", journal_),
                        std::make_shared<Recorder>("b", journal_)}});
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Fail", "x")});
  EXPECT_TRUE(absl::IsNotFound(client.NextAfterHello().status));
  EXPECT_THAT(journal_.lines(),
              ElementsAre("a before test.v1.Test/Fail", "b before test.v1.Test/Fail",
                          "a after NOT_FOUND", "b after NOT_FOUND"));
}

TEST_F(Middleware, MayRefuseACallBeforeItsHandler) {
  Start({.middleware = {std::make_shared<Recorder>("a", journal_, "test.v1.Test/Wait")}});
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Wait", ""),
               EncodedRequest(2, "test.v1.Test/Echo", "fine")});
  const OwnedFrame refused = client.NextAfterHello();
  EXPECT_TRUE(absl::IsPermissionDenied(refused.status));
  EXPECT_EQ(refused.status.message(), "a says no");
  EXPECT_EQ(client.NextAfterHello().payload, "fine");
}

TEST_F(Middleware, SeesNothingOfACallWithDamagedMetadata) {
  Start({.middleware = {std::make_shared<Recorder>("a", journal_)}});
  WireClient client = Connect();
  client.Send({EncodedHello(),
               Encode({.kind = wire::FrameKind::kRequest,
                       .call_id = 1,
                       .flags = wire::kEnd,
                       .method = "test.v1.Test/Echo",
                       .metadata = "\x32\x06\x0a\x01K\x12\x01v"}),  // The key is "K".
               EncodedRequest(2, "test.v1.Test/Echo", "fine")});
  const OwnedFrame refused = client.NextAfterHello();
  EXPECT_EQ(refused.call_id, 1u);
  EXPECT_TRUE(absl::IsInvalidArgument(refused.status)) << refused.status;
  EXPECT_EQ(client.NextAfterHello().payload, "fine");
  EXPECT_THAT(journal_.lines(), ElementsAre("a before test.v1.Test/Echo", "a after OK"));
}

// Throws where it is told to.
class Thrower final : public ServerMiddleware {
 public:
  explicit Thrower(bool before) : before_(before) {}
  absl::Status Before(ServerContext&) override {
    if (before_) throw std::runtime_error("a secret");
    return absl::OkStatus();
  }
  void After(ServerContext&, const absl::Status&) override {
    throw std::runtime_error("another secret");
  }

 private:
  const bool before_;
};

TEST_F(Middleware, ThatThrowsBeforeACallEndsItAndTellsTheLogOnly) {
  const auto log = [this](const LogRecord& record) {
    for (const auto& [key, value] : record.fields) {
      if (key == "what") journal_.Add(std::string(record.event) + ": " + value);
    }
  };
  Start({.middleware = {std::make_shared<Thrower>(true)}, .log = log});
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "x")});
  const OwnedFrame reply = client.NextAfterHello();
  EXPECT_TRUE(absl::IsInternal(reply.status)) << reply.status;
  EXPECT_THAT(std::string(reply.status.message()), Not(HasSubstr("secret")));
  EXPECT_THAT(journal_.lines(), ElementsAre("middleware threw: a secret"));
  server_.reset();
}

TEST_F(Middleware, ThatThrowsAfterACallLeavesItsReplyAndItsSlot) {
  Start({.max_calls_per_connection = 16, .middleware = {std::make_shared<Thrower>(false)}});
  WireClient client = Connect();
  client.Send({EncodedHello()});
  for (std::uint64_t id = 1; id <= 20; ++id) {
    client.Send({EncodedRequest(id, "test.v1.Test/Echo", "x")});
    EXPECT_EQ(client.NextAfterHello().payload, "x");
  }
  EXPECT_EQ(server_->stats().calls, 0u);
}

TEST_F(Middleware, ALogHookThatThrowsChangesNothing) {
  Start({.middleware = {std::make_shared<Thrower>(true)},
         .log = [](const LogRecord&) { throw std::runtime_error("full"); }});
  WireClient client = Connect();
  client.Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "x")});
  EXPECT_TRUE(absl::IsInternal(client.NextAfterHello().status));
}

}  // namespace
}  // namespace piperpc::testing
