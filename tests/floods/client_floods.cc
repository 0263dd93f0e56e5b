// Floods of clients of the library.
#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "auth/v1/auth.piperpc.h"
#include "floods/floods.h"
#include "notify/v1/notify.piperpc.h"
#include "piperpc/io_thread.h"
#include "src/base/clock.h"

namespace piperpc::floods {
namespace {

constexpr std::chrono::seconds kPatience{30};

// Counts what callbacks tell, until as many have as are waited for.
class Events {
 public:
  void Tell(std::string_view what) {
    const std::lock_guard lock(mutex_);
    tally_.Add(what);
    ++told_;
    changed_.notify_all();
  }

  // False: they have not all been told in time.
  bool WaitFor(std::size_t total) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, kPatience, [&] { return told_ >= total; });
  }

  std::size_t told() {
    const std::lock_guard lock(mutex_);
    return told_;
  }

  void AddTo(Tally& tally) {
    const std::lock_guard lock(mutex_);
    tally_.AddTo(tally);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  Tally tally_;
  std::size_t told_ = 0;
};

// Enough channels, on one thread, for `calls` with `each` on one of them.
std::vector<std::shared_ptr<Channel>> Channels(const Flood& flood, std::size_t each) {
  ChannelOptions options;
  options.io_thread = *StartIoThread();
  options.default_timeout = kPatience;
  std::vector<std::shared_ptr<Channel>> channels((flood.count + each - 1) / each);
  for (auto& channel : channels) channel = Connect(flood.endpoint, options);
  return channels;
}

auth::v1::LoginRequest LoginOf(std::string name) {
  auth::v1::LoginRequest request;
  request.set_username(std::move(name));
  request.set_password("secret");
  return request;
}

std::uint64_t MillisecondsSince(base::TimePoint begin) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(base::Clock::now() - begin).count());
}

}  // namespace

void LogIn(const Flood& flood, Tally& tally) {
  constexpr std::size_t kOnOneConnection = 8;  // As many as the server takes.
  const base::TimePoint end = base::After(flood.duration);
  const auto channels = Channels(flood, kOnOneConnection);
  Events events;
  std::size_t begun = 0;
  do {
    for (std::size_t i = 0; i < flood.count; ++i) {
      auth::v1::AuthClient client(channels[i / kOnOneConnection]);
      client.LoginAsync(LoginOf(absl::StrCat("user-", begun++)), {}, [&events](const auto& reply) {
        events.Tell(absl::StatusCodeToString(reply.status().code()));
      });
    }
    tally.Add("times", 1);
  } while (events.WaitFor(begun) && base::Clock::now() < end);
  for (const auto& channel : channels) channel->Close();
  events.AddTo(tally);
}

void Subscribe(const Flood& flood, Tally& tally) {
  constexpr std::size_t kOnOneConnection = 8;
  const auto channels = Channels(flood, kOnOneConnection);
  Events events;
  for (std::size_t i = 0; i < flood.count; ++i) {
    notify::v1::NotifyClient client(channels[i / kOnOneConnection]);
    client.SubscribeAsync(
        {}, {},
        [&events](const notify::v1::Event& event) {
          events.Tell(event.has_subscribed() ? "subscribed" : "event");
        },
        [&events](const absl::Status& status) {
          events.Tell(absl::StatusCodeToString(status.code()));
        });
  }
  events.WaitFor(flood.count);
  auth::v1::AuthClient client(Connect(flood.endpoint));
  const base::TimePoint end = base::After(flood.duration);
  do {
    const base::TimePoint begin = base::Clock::now();
    const std::size_t before = events.told();
    const auto login = client.Login(LoginOf("flood"));
    tally.Add(absl::StrCat("login: ", absl::StatusCodeToString(login.status().code())));
    events.WaitFor(before + flood.count);
    tally.AtLeast("ms for the slowest login and its events", MillisecondsSince(begin));
    std::this_thread::sleep_until(begin + std::chrono::seconds(1));
  } while (base::Clock::now() < end);
  events.AddTo(tally);  // Before the ends that closing makes.
  for (const auto& channel : channels) channel->Close();
}

void Compute(const Flood& flood, Tally& /*tally*/) {
  const base::TimePoint end = base::After(flood.duration);
  std::vector<std::jthread> threads;
  for (std::size_t i = 0; i < flood.count; ++i) {
    threads.emplace_back([end] {
      while (base::Clock::now() < end) {
      }
    });
  }
}

}  // namespace piperpc::floods
