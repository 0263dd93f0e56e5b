#include "tools/piperpc/background_streams.h"

#include <cstdio>
#include <functional>
#include <future>
#include <memory>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "piperpc/server.h"
#include "sample.pb.h"
#include "support/endpoints.h"
#include "support/eventually.h"
#include "support/scratch_folder.h"
#include "support/test_service.h"

namespace piperpc::cli {
namespace {

using std::chrono::milliseconds;
using testing::Arrives;
using ::testing::HasSubstr;

// A stream to a handler that reads nothing, so that its credit runs out, and does not end.
class UnreadStreamTest : public ::testing::Test {
 protected:
  void SetUp() override {
    settings_.endpoint = testing::AddressIn(folder_.path(), "server");
    ASSERT_TRUE(server_.AddService(service_.service()).ok());
    const absl::Status status = server_.Start(settings_.endpoint);
    ASSERT_TRUE(status.ok()) << status;
    connection_ = std::make_unique<Connection>(settings_);
    Reset();
  }

  ~UnreadStreamTest() override {
    streams_.reset();
    connection_.reset();
    service_.release.Set();
    server_.Shutdown(std::chrono::seconds(5));
    std::fclose(file_);
  }

  // No stream, and tags from s1 on.
  void Reset() { streams_ = std::make_unique<BackgroundStreams>(*connection_, output_); }

  // More than the server's credit, and with each message more than what is left of it.
  static RequestPlan ManyMessages() {
    sample::v1::Everything message;
    message.set_text(std::string(1 << 20, 'x'));
    RequestPlan plan;
    for (int i = 0; i < 8; ++i) {
      plan.messages.push_back(std::make_unique<sample::v1::Everything>(message));
    }
    return plan;
  }

  Outcome StartWith(const RequestPlan& plan, const CommandDeadline& deadline) {
    const auto* const up =
        sample::v1::Everything::descriptor()->file()->service(0)->FindMethodByName("Up");
    return streams_->Start({"test.v1.Test/ReadLate", MethodType::kClientStreaming, up}, plan,
                           deadline);
  }

  // Until one does not get through.
  Outcome SendMany(const CommandDeadline& deadline) {
    const std::string message = "{\"text\":\"" + std::string(1 << 20, 'x') + "\"}";
    Outcome sent;
    for (int i = 0; i < 8 && sent.ok(); ++i) sent = streams_->Send("s1", {message}, deadline);
    return sent;
  }

  using Step = std::function<Outcome(const CommandDeadline&)>;

  // What `step` returns that has 200 ms.
  Outcome RunUntilTheTimeIsOver(const Step& step) {
    return Bounded([&] { return step(CommandDeadline(milliseconds(200), {})); });
  }

  // What `step` returns when Ctrl-C comes once the test's stream of that number is with its
  // handler.
  Outcome RunUntilCtrlC(const Step& step, int number) {
    std::stop_source stop;
    std::thread presses([&] {
      EXPECT_TRUE(service_.entered.WaitFor(number));
      stop.request_stop();
    });
    Outcome outcome =
        Bounded([&] { return step(CommandDeadline(std::nullopt, stop.get_token())); });
    presses.join();
    return outcome;
  }

  // Ends what hangs by the end of the server.
  Outcome Bounded(const std::function<Outcome()>& run) {
    auto outcome = std::async(std::launch::async, run);
    if (!Arrives(outcome)) {
      ADD_FAILURE() << "neither Ctrl-C nor the time ends the line";
      service_.release.Set();
      server_.Shutdown(milliseconds(0));
    }
    return outcome.get();
  }

  const Step start_ = [this](const CommandDeadline& deadline) {
    return StartWith(ManyMessages(), deadline);
  };
  const Step send_ = [this](const CommandDeadline& deadline) { return SendMany(deadline); };
  const Step end_ = [this](const CommandDeadline& deadline) {
    return streams_->End("s1", deadline);
  };

  const testing::ScratchFolder folder_;
  Settings settings_;
  testing::TestService service_;
  Server server_;
  std::FILE* const file_ = std::tmpfile();
  Output output_{file_};
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<BackgroundStreams> streams_;
};

TEST_F(UnreadStreamTest, CtrlCEndsEachLineThatWaitsForIt) {
  EXPECT_EQ(RunUntilCtrlC(start_, 1).exit_code(), kExitInterrupted);
  int number = 1;
  for (const Step& step : {send_, end_}) {
    Reset();
    ASSERT_TRUE(StartWith({}, {}).ok());
    EXPECT_EQ(RunUntilCtrlC(step, ++number).exit_code(), kExitInterrupted);
  }
}

TEST_F(UnreadStreamTest, TheTimeEndsEachLineThatWaitsForItAndTheTextSaysAtWhat) {
  const Outcome started = RunUntilTheTimeIsOver(start_);
  EXPECT_EQ(started.exit_code(), kExitTimedOut) << started;
  EXPECT_THAT(started.message(), HasSubstr("has passed while sending on stream s1, after "));
  const std::pair<Step, const char*> cases[] = {{send_, "while sending on stream s1, after "},
                                                {end_, "while waiting for the end of stream s1, "}};
  for (const auto& [step, text] : cases) {
    Reset();
    ASSERT_TRUE(StartWith({}, {}).ok());
    const Outcome outcome = RunUntilTheTimeIsOver(step);
    EXPECT_EQ(outcome.exit_code(), kExitTimedOut) << outcome;
    EXPECT_THAT(outcome.message(), HasSubstr(text));
  }
}

TEST_F(UnreadStreamTest, ALineThatWasCutShortCancelsItsStream) {
  ASSERT_EQ(RunUntilTheTimeIsOver(start_).exit_code(), kExitTimedOut);
  const Outcome sent = streams_->Send("s1", {"{}"}, {});
  EXPECT_TRUE(sent.Is(absl::StatusCode::kFailedPrecondition)) << sent;
  EXPECT_TRUE(streams_->End("s1", {}).ok());
  EXPECT_EQ(streams_->exit_code(), kExitOk);  // The line has told of it.
}

TEST_F(UnreadStreamTest, TimeThatIsEnoughCutsNothing) {
  const CommandDeadline deadline(std::chrono::minutes(10), {});
  ASSERT_TRUE(StartWith({}, deadline).ok());
  EXPECT_TRUE(streams_->Send("s1", {"{}"}, deadline).ok());
  service_.release.Set();
  EXPECT_TRUE(Bounded([&] { return streams_->End("s1", deadline); }).ok());
}

}  // namespace
}  // namespace piperpc::cli
