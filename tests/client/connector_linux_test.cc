// What a thread destroys at its end: on Windows, mingw's objects of a thread do not outlive their
// memory.
#include <future>
#include <utility>

#include "client/client_fixture.h"

namespace piperpc {
namespace {

using wire::FrameKind;

// What ends with a thread may be the user's, and take long: here, of its log hook.
class SlowThreadEnd : public ClientTest {
 protected:
  SlowThreadEnd() : ClientTest({.log = [this](const LogRecord& record) { OnLog(record); }}) {}
  ~SlowThreadEnd() override { channel_.reset(); }  // It logs to its very end.

  std::promise<void> go_on_;

 private:
  struct AtThreadEnd {
    std::shared_future<void> until;
    ~AtThreadEnd() {
      if (until.valid()) until.wait_for(kPatience);
    }
  };

  void OnLog(const LogRecord& record) {
    thread_local AtThreadEnd at_end;
    if (record.event == "connected" && !std::exchange(slowed_, true)) at_end.until = waits_;
  }

  const std::shared_future<void> waits_ = go_on_.get_future().share();
  bool slowed_ = false;  // The thread that connected.
};

TEST_F(SlowThreadEnd, HoldsUpNobodyWhoCallsWhenTheConnectionIsGone) {
  {
    auto call = CallAsync("1");
    ScriptedConnection connection = server_.AcceptAndGreet();
    connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r1");
    EXPECT_EQ(*Get(call), "r1");
  }
  auto begun = std::async(std::launch::async, [&] { return CallAsync("2"); });
  ASSERT_EQ(begun.wait_for(kPatience / 2), std::future_status::ready);
  EXPECT_GT(channel_->connections_made(), 0u);  // Nobody holds the channel's lock, either.
  go_on_.set_value();
  ScriptedConnection connection = server_.AcceptAndGreet();
  auto call = begun.get();
  connection.Reply(connection.Expect(FrameKind::kRequest).call_id, "r2");
  EXPECT_EQ(*Get(call), "r2");
}

}  // namespace
}  // namespace piperpc
