// What a server says when somebody removes the files of its endpoint.
#include <gmock/gmock.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>

#include "piperpc/endpoint.h"
#include "server/server_fixture.h"

namespace piperpc::testing {
namespace {

class EndpointOfServer : public ServerFixture {
 protected:
  ~EndpointOfServer() override { server_.reset(); }  // It logs to its very end.

  LogHook Hook() {
    return [this](const LogRecord& record) {
      const std::lock_guard lock(mutex_);
      events_.emplace(record.event);
      changed_.notify_all();
    };
  }

  bool WaitForEvent(const std::string& event) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(60),
                             [&] { return events_.contains(event); });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::set<std::string> events_;
};

TEST_F(EndpointOfServer, IsRestoredAndThatIsLogged) {
  Start({.log = Hook()});
  ASSERT_TRUE(std::filesystem::remove(Endpoint::Parse(endpoint_)->address()));
  EXPECT_TRUE(WaitForEvent("endpoint restored"));
  WireClient client = Connect();
  client.Send({EncodedRequest(1, "test.v1.Test/Echo", "no Hello before it")});
  EXPECT_TRUE(absl::IsInvalidArgument(client.Goaway()));
}

TEST_F(EndpointOfServer, IsLoggedAsLostWhenItCannotBeRestored) {
  Start({.log = Hook()});
  const std::string address = Endpoint::Parse(endpoint_)->address();
  const std::string file = address + ".file";
  std::ofstream(file) << "precious";
  std::filesystem::rename(file, address);
  EXPECT_TRUE(WaitForEvent("endpoint lost"));
  server_.reset();
  EXPECT_TRUE(std::filesystem::remove(address));
}

}  // namespace
}  // namespace piperpc::testing
