#include "floods/bystander.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "auth/v1/auth.piperpc.h"
#include "piperpc/channel.h"
#include "piperpc/raw_client.h"
#include "upper/v1/upper.piperpc.h"

namespace piperpc::floods {
namespace {

using Clock = std::chrono::steady_clock;

// Does something again and again, and keeps how long it took.
class Repeated {
 public:
  Repeated(Clock::duration pause, std::function<bool()> action)
      : pause_(pause), action_(std::move(action)) {}

  void RunUntil(const std::atomic<bool>& end) {
    do {
      const Clock::time_point begin = Clock::now();
      const bool good = action_();
      Add(Clock::now() - begin, good);
      std::this_thread::sleep_for(pause_);
    } while (!end);
  }

  // Of those since the last time.
  void Print(const char* name) {
    auto [times, failed] = Take();
    std::sort(times.begin(), times.end());
    std::cout << '"' << name << "\": {\"count\": " << times.size() << ", \"failed\": " << failed
              << ", \"p50_us\": " << Percentile(times, 50)
              << ", \"p99_us\": " << Percentile(times, 99)
              << ", \"max_us\": " << Percentile(times, 100) << '}';
  }

 private:
  using Times = std::vector<Clock::duration>;

  void Add(Clock::duration time, bool good) {
    const std::lock_guard lock(mutex_);
    times_.push_back(time);
    if (!good) ++failed_;
  }

  std::pair<Times, std::size_t> Take() {
    const std::lock_guard lock(mutex_);
    return {std::exchange(times_, {}), std::exchange(failed_, 0)};
  }

  static std::int64_t Percentile(const Times& times, std::size_t percent) {
    if (times.empty()) return 0;
    const std::size_t index = std::min(times.size() - 1, times.size() * percent / 100);
    return std::chrono::duration_cast<std::chrono::microseconds>(times[index]).count();
  }

  const Clock::duration pause_;
  const std::function<bool()> action_;
  std::mutex mutex_;
  Times times_;
  std::size_t failed_ = 0;
};

}  // namespace

int RunBystander(const std::string& endpoint) {
  const std::shared_ptr<Channel> channel = Connect(endpoint);
  auth::v1::LoginRequest login;
  login.set_username("bystander");
  login.set_password("secret");
  const auto logged_in = auth::v1::AuthClient(channel).Login(login);
  if (!logged_in.ok()) {
    std::cerr << logged_in.status() << '\n';
    return 1;
  }

  upper::v1::UpperClient upper(channel);
  upper::v1::UppercaseRequest request;
  request.set_text("a bystander");
  Repeated calls(std::chrono::milliseconds(2),
                 [&upper, &request] { return upper.Uppercase(request).ok(); });
  Repeated connections(std::chrono::milliseconds(200), [&endpoint] {
    return RawClient(Connect(endpoint)).Unary("piperpc.v1.HealthService/Check", {}).ok();
  });

  const auto report = [&calls, &connections] {
    std::cout << '{';
    calls.Print("calls");
    std::cout << ", ";
    connections.Print("connections");
    std::cout << '}' << std::endl;
  };

  std::atomic<bool> end = false;
  {
    const std::jthread caller([&] { calls.RunUntil(end); });
    const std::jthread newcomer([&] { connections.RunUntil(end); });
    std::cout << "READY" << std::endl;
    for (std::string line; std::getline(std::cin, line);) report();
    end = true;
  }
  report();
  return 0;
}

}  // namespace piperpc::floods
