#include "piperpc/middleware.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "server/server_fixture.h"

namespace piperpc::testing {
namespace {

using ::testing::ElementsAre;

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

}  // namespace
}  // namespace piperpc::testing
