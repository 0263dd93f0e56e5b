// Tests of the host with a plug-in that dies, and of the plug-in's service with piperpc::testing.
#include "plugin_host.h"

#include <gmock/gmock.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"
#include "plugin/v1/plugin.piperpc.h"
#include "plugin_process.h"
#include "shout.h"

namespace {

using piperpc::testing::InProcess;
using piperpc::testing::IsOk;
using piperpc::testing::IsOkAndHolds;
using piperpc::testing::StatusIs;
using plugin::v1::PluginClient;
using plugin::v1::RunRequest;
using plugin::v1::RunResponse;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Property;
using ::testing::SizeIs;

RunRequest Text(const std::string& text) {
  RunRequest request;
  request.set_text(text);
  return request;
}

auto Answers(const std::string& text) { return IsOkAndHolds(Property(&RunResponse::text, text)); }

class PluginHostTest : public ::testing::Test {
 protected:
  absl::StatusOr<RunResponse> Run(const std::string& text, piperpc::CallOptions options = {}) {
    const absl::StatusOr<std::shared_ptr<piperpc::Channel>> channel = host_.Channel();
    if (!channel.ok()) return channel.status();
    return PluginClient(*channel).Run(Text(text), options);
  }

  std::vector<std::string> log_;
  PluginHost host_{{.command = {PLUGIN},
                    .max_deaths = 1,
                    .log = [this](const std::string& message) { log_.push_back(message); }}};
};

TEST_F(PluginHostTest, KeepsThePluginFromCallToCall) {
  EXPECT_THAT(Run("hello"), Answers("HELLO"));
  const auto first = host_.Channel();
  EXPECT_THAT(Run("again"), Answers("AGAIN"));
  ASSERT_THAT(first, IsOk());
  EXPECT_EQ(*host_.Channel(), *first);
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(PluginHostTest, StartsItAgainWhenItHasDied) {
  EXPECT_THAT(Run("crash"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Run("again"), Answers("AGAIN"));
  EXPECT_THAT(log_, ElementsAre("the plug-in has died: signal 6 (Aborted)"));
}

TEST_F(PluginHostTest, EndsOneThatHangs) {
  const auto channel = host_.Channel();
  ASSERT_THAT(channel, IsOk());
  EXPECT_THAT(Run("hang", {.timeout = std::chrono::milliseconds(100)}),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  host_.Kill(*channel);
  EXPECT_THAT(log_, ElementsAre("the plug-in has died: signal 9 (Killed)"));
  EXPECT_THAT(Run("again"), Answers("AGAIN"));
  host_.Kill(*channel);  // Somebody else who had waited for that one.
  EXPECT_THAT(log_, SizeIs(1));
}

TEST_F(PluginHostTest, GivesUpOneThatDiesTooOften) {
  EXPECT_THAT(Run("crash"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Run("crash"), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(Run("hello"), StatusIs(absl::StatusCode::kResourceExhausted, HasSubstr("2 times")));
}

TEST(PluginProcess, EndsWhenItsHostCloses) {
  const auto process = PluginProcess::Start({PLUGIN}, std::chrono::minutes(1));
  ASSERT_THAT(process, IsOk());
  EXPECT_TRUE((*process)->IsAlive());
  EXPECT_EQ((*process)->End(), "exit code 0");
  EXPECT_FALSE((*process)->IsAlive());
}

TEST(PluginProcess, IsKilledWhenItDoesNotEnd) {
  const auto process = PluginProcess::Start({PLUGIN}, std::chrono::minutes(1));
  ASSERT_THAT(process, IsOk());
  EXPECT_THAT(PluginClient((*process)->channel())
                  .Run(Text("hang"), {.timeout = std::chrono::milliseconds(100)}),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_EQ((*process)->End(std::chrono::minutes(0)), "signal 9 (Killed)");
}

TEST(PluginProcess, SaysThatThereIsNoSuchProgram) {
  EXPECT_THAT(PluginProcess::Start({"/none/such"}, std::chrono::minutes(1)),
              StatusIs(absl::StatusCode::kNotFound, HasSubstr("/none/such")));
  EXPECT_THAT(PluginProcess::Start({}, std::chrono::minutes(1)),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(PluginProcess, SaysThatAProgramIsNoPlugin) {
  const auto process = PluginProcess::Start({"true"}, std::chrono::minutes(1));
  EXPECT_THAT(std::string(process.status().message()),
              HasSubstr("true does not serve (exit code 0): "));
}

TEST(Shout, ReturnsCapitals) {
  Shout shout;
  InProcess<PluginClient> plugin(shout);
  EXPECT_THAT(plugin->Run(Text("hello")), Answers("HELLO"));
}

}  // namespace
