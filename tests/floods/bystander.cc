#include "floods/bystander.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <iostream>
#include <limits>
#include <string>
#include <thread>
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
      if (!action_()) ++failed_;
      times_.push_back(Clock::now() - begin);
      std::this_thread::sleep_for(pause_);
    } while (!end);
  }

  void Print(const char* name) {
    std::sort(times_.begin(), times_.end());
    std::cout << '"' << name << "\": {\"count\": " << times_.size() << ", \"failed\": " << failed_
              << ", \"p50_us\": " << Percentile(50) << ", \"p99_us\": " << Percentile(99)
              << ", \"max_us\": " << Percentile(100) << '}';
  }

 private:
  std::int64_t Percentile(std::size_t percent) const {
    if (times_.empty()) return 0;
    const std::size_t index = std::min(times_.size() - 1, times_.size() * percent / 100);
    return std::chrono::duration_cast<std::chrono::microseconds>(times_[index]).count();
  }

  const Clock::duration pause_;
  const std::function<bool()> action_;
  std::vector<Clock::duration> times_;
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

  std::atomic<bool> end = false;
  {
    const std::jthread caller([&] { calls.RunUntil(end); });
    const std::jthread newcomer([&] { connections.RunUntil(end); });
    std::cout << "READY" << std::endl;
    std::cin.ignore(std::numeric_limits<std::streamsize>::max());
    end = true;
  }
  std::cout << '{';
  calls.Print("calls");
  std::cout << ", ";
  connections.Print("connections");
  std::cout << '}' << std::endl;
  return 0;
}

}  // namespace piperpc::floods
