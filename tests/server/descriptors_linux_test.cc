#include <gmock/gmock.h>
#include <sys/resource.h>

#include <deque>
#include <string>

#include "server/server_fixture.h"
#include "src/transport/linux/descriptors.h"
#include "support/descriptor_limit_linux.h"
#include "support/journal.h"

namespace piperpc::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;

// The limit with which the process may open `count` descriptors more.
rlim_t LimitFor(std::size_t count) {
  rlimit now = {};
  ::getrlimit(RLIMIT_NOFILE, &now);
  return now.rlim_cur - transport::FreeDescriptors() + count;
}

class DescriptorsOfServer : public ServerFixture {
 protected:
  ~DescriptorsOfServer() override { server_.reset(); }

  LogHook Hook() {
    return [this](const LogRecord& record) {
      std::string line(record.event);
      for (const auto& [key, value] : record.fields) line += " " + std::string(key) + "=" + value;
      log_.Add(std::move(line));
    };
  }

  Journal log_;
};

// Each of the connections takes a descriptor of either side here.
TEST_F(DescriptorsOfServer, AreKeptToTellAClientThatItsUserHasEnough) {
  const DescriptorLimit limit(LimitFor(80));
  Start({.log = Hook()});
  EXPECT_THAT(log_.Lines(1), Contains("connections limited cause=the process may open only 80 "
                                      "more descriptors; raise the limit (ulimit -n) "
                                      "max_connections=40 max_connections_per_user=30"));
  std::deque<WireClient> clients;
  for (int i = 0; i < 30; ++i) {
    clients.emplace_back(transport(), endpoint_);
    clients.back().Send({EncodedHello(), EncodedRequest(1, "test.v1.Test/Echo", "x")});
    EXPECT_EQ(clients.back().NextAfterHello().payload, "x");
  }
  WireClient another = Connect();
  another.Send({EncodedHello()});
  const absl::Status refused = another.Goaway();
  EXPECT_TRUE(absl::IsResourceExhausted(refused)) << refused;
  EXPECT_THAT(std::string(refused.message()), HasSubstr("max_connections_per_user"));
}

TEST_F(DescriptorsOfServer, LowerNothingForLongWhereStartFails) {
  Server server({.log = Hook(), .transport = &transport()});
  {
    const DescriptorLimit limit(LimitFor(80));
    EXPECT_FALSE(server.Start("/no/such/folder/for/a/server").ok());
  }
  EXPECT_THAT(log_.Lines(1), ::testing::ElementsAre(HasSubstr("max_connections=40")));
  {
    const DescriptorLimit limit(LimitFor(100));  // Else nothing would say what the options are.
    EXPECT_TRUE(server.Start(endpoint_).ok());
  }
  EXPECT_THAT(log_.Lines(2), Contains(HasSubstr("max_connections=50")));
}

TEST_F(DescriptorsOfServer, ChangeNothingWhereThereAreEnough) {
  Start({.max_connections = 8, .log = Hook()});
  EXPECT_THAT(log_.Lines(1), ::testing::ElementsAre(HasSubstr("listening")));
}

}  // namespace
}  // namespace piperpc::testing
