#include "piperpc/access_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "piperpc/raw_client.h"
#include "server/server_fixture.h"
#include "support/eventually.h"

namespace piperpc::testing {
namespace {

using ::testing::IsEmpty;

using Fields = std::map<std::string, std::string>;

class AccessLogTest : public ServerFixture {
 protected:
  ~AccessLogTest() override { server_.reset(); }

  void StartLogging(std::uint32_t one_in = 1) {
    const LogHook hook = [this](const LogRecord& record) {
      EXPECT_EQ(record.level, LogLevel::kInfo);
      EXPECT_EQ(record.event, "call");
      const std::lock_guard lock(mutex_);
      records_.emplace_back(record.fields.begin(), record.fields.end());
    };
    Start({.middleware = {AccessLog({.log = hook, .one_in = one_in})}});
    client_.emplace(piperpc::Connect(endpoint_, {.transport = &transport()}));
  }

  std::vector<Fields> Records() {
    const std::lock_guard lock(mutex_);
    return records_;
  }
  bool HasRecords(std::size_t count) {
    return Eventually([&] { return Records().size() == count; });
  }

  std::mutex mutex_;
  std::vector<Fields> records_;
  std::optional<RawClient> client_;
};

TEST_F(AccessLogTest, HasALineForACall) {
  StartLogging();
  ASSERT_TRUE(client_->Unary("test.v1.Test/Big", {"1000"}).ok());
  ASSERT_TRUE(HasRecords(1));
  Fields fields = Records().front();
  EXPECT_EQ(fields["method"], "test.v1.Test/Big");
  EXPECT_EQ(fields["status"], "OK");
  EXPECT_EQ(fields["messages_received"], "1");
  EXPECT_EQ(fields["messages_sent"], "1");
  EXPECT_EQ(fields["bytes_received"], "4");
  EXPECT_EQ(fields["bytes_sent"], "1000");
  EXPECT_NE(fields["peer_pid"], "");
  EXPECT_NE(fields["peer_user"], "");
  EXPECT_LT(std::stol(fields["us"]), 60'000'000);
}

TEST_F(AccessLogTest, HasCallsThatFailOrAreRefused) {
  StartLogging();
  EXPECT_FALSE(client_->Unary("test.v1.Test/Fail", {"secret"}).ok());
  EXPECT_FALSE(client_->Unary("no.v1.Such/Method", {}).ok());
  ASSERT_TRUE(HasRecords(2));
  EXPECT_EQ(Records()[0].at("status"), "NOT_FOUND");
  EXPECT_EQ(Records()[1].at("status"), "UNIMPLEMENTED");
  for (const Fields& fields : Records()) {
    for (const auto& [name, value] : fields) EXPECT_EQ(value.find("secret"), value.npos) << name;
  }
}

TEST_F(AccessLogTest, HasOneInSoManyOfThoseThatAreFineAndAllOthers) {
  StartLogging(3);
  for (int i = 0; i < 7; ++i) {
    ASSERT_TRUE(client_->Unary("test.v1.Test/Echo", {}).ok());
    ASSERT_FALSE(client_->Unary("test.v1.Test/Fail", {}).ok());
  }
  ASSERT_TRUE(HasRecords(3 + 7));
}

TEST_F(AccessLogTest, WithoutAHookIsSilent) {
  Start({.middleware = {AccessLog({})}});
  const RawClient client(piperpc::Connect(endpoint_, {.transport = &transport()}));
  EXPECT_TRUE(client.Unary("test.v1.Test/Echo", {}).ok());
  EXPECT_THAT(Records(), IsEmpty());
}

}  // namespace
}  // namespace piperpc::testing
