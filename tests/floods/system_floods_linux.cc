// Linux can stop a process, and with it a subscriber.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "floods/floods.h"
#include "notify/v1/notify.piperpc.h"
#include "src/base/clock.h"

namespace piperpc::floods {
namespace {

using notify::v1::NotifyClient;
using notify::v1::SlowPolicy;

constexpr std::array kPolicies = {notify::v1::SLOW_POLICY_DROP_OLDEST,
                                  notify::v1::SLOW_POLICY_DISCONNECT,
                                  notify::v1::SLOW_POLICY_BLOCK};
constexpr std::chrono::milliseconds kInterval{1};  // Between events of 1 KiB.
constexpr char kLast[] = "the last one";

// A subscription on a connection of its own.
class Subscriber {
 public:
  Subscriber(const std::string& endpoint, SlowPolicy policy)
      : policy_(policy), client_(Connect(endpoint)), events_(client_.Subscribe(RequestOf(policy))) {
    events_.Next();  // It stands.
  }

  // Until the last event, or the end.
  void ReadOn() {
    while (std::optional<notify::v1::Event> event = events_.Next()) {
      tally_.Add(absl::StrCat(Name(), ": events"));
      tally_.Add(absl::StrCat(Name(), ": dropped"), event->dropped());
      if (event->message().text() == kLast) return tally_.Add(absl::StrCat(Name(), ": goes on"));
    }
    const absl::Status end = events_.status();
    tally_.Add(absl::StrCat(Name(), ": ", absl::StatusCodeToString(end.code())));
  }

  const Tally& tally() const { return tally_; }

 private:
  static notify::v1::SubscribeRequest RequestOf(SlowPolicy policy) {
    notify::v1::SubscribeRequest request;
    request.set_policy(policy);
    return request;
  }
  std::string Name() const {
    return notify::v1::SlowPolicy_Name(policy_).substr(sizeof("SLOW_POLICY_") - 1);
  }

  const SlowPolicy policy_;
  NotifyClient client_;
  ClientReader<notify::v1::Event> events_;
  Tally tally_;
};

// The child. A byte tells that it has subscribed.
[[noreturn]] void RunSubscribers(const std::string& endpoint, int ready) {
  std::array<std::unique_ptr<Subscriber>, kPolicies.size()> subscribers;
  for (std::size_t i = 0; i < kPolicies.size(); ++i)
    subscribers[i] = std::make_unique<Subscriber>(endpoint, kPolicies[i]);
  if (write(ready, "r", 1) != 1) std::_Exit(1);
  Tally tally;
  {
    std::array<std::jthread, kPolicies.size()> readers;
    for (std::size_t i = 0; i < kPolicies.size(); ++i)
      readers[i] = std::jthread([&subscriber = *subscribers[i]] { subscriber.ReadOn(); });
  }
  for (const auto& subscriber : subscribers) subscriber->tally().AddTo(tally);
  tally.Print();
  std::_Exit(0);
}

void Publish(NotifyClient& client, const std::string& text, Tally& tally) {
  notify::v1::PublishRequest request;
  request.set_text(text);
  const auto published = client.Publish(request);
  tally.Add(absl::StrCat("publish: ", absl::StatusCodeToString(published.status().code())));
}

// A process with a subscriber of each policy, which is stopped while `count` events are published,
// each of 1 KiB and, where nobody holds the publisher back, one each millisecond. Before there is
// any other thread.
void StopSubscriber(const Flood& flood, Tally& tally) {
  int ready[2];
  if (pipe(ready) != 0) std::abort();
  const pid_t child = fork();
  if (child < 0) std::abort();
  if (child == 0) RunSubscribers(flood.endpoint, ready[1]);
  char byte;
  if (read(ready[0], &byte, 1) != 1) std::abort();
  kill(child, SIGSTOP);

  NotifyClient client(Connect(flood.endpoint));
  const std::string text(1024, 'x');
  base::TimePoint next = base::Clock::now();
  for (std::size_t i = 0; i < flood.count; ++i) {
    std::this_thread::sleep_until(next += kInterval);
    Publish(client, text, tally);
  }
  kill(child, SIGCONT);
  Publish(client, kLast, tally);
  waitpid(child, nullptr, 0);
}

}  // namespace

Floods SystemFloods() { return {{"stopped_subscriber", &StopSubscriber}}; }

}  // namespace piperpc::floods
