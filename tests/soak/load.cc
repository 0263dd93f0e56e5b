#include "soak/load.h"

#include <future>
#include <iostream>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "auth/v1/auth.piperpc.h"
#include "piperpc/raw_client.h"
#include "upper/v1/upper.piperpc.h"

namespace piperpc::soak {
namespace {

// Together more than a process keeps, and less than a server takes of one connection.
constexpr std::size_t kLargeBytes = 1024 * 1024;
constexpr int kLargeCalls = 40;

struct Role {
  void (*run)(Actor&);
  int threads;
};

constexpr Role kRoles[] = {
    {&RunSessions, 4}, {&RunSubscribers, 4}, {&RunShapes, 3}, {&RunNewcomers, 1}, {&RunHostile, 1},
};

// Runs the actors until it is told to end.
class Load {
 public:
  Load(const Target& target, std::uint32_t seed) {
    std::mt19937 seeds(seed);
    for (const Role& role : kRoles) {
      for (int i = 0; i < role.threads; ++i) {
        actors_.push_back(std::make_unique<Actor>(target, static_cast<std::uint32_t>(seeds()),
                                                  stop_.get_token()));
        threads_.emplace_back([run = role.run, &actor = *actors_.back()] { run(actor); });
      }
    }
  }

  floods::Tally End() {
    stop_.request_stop();
    threads_.clear();
    floods::Tally all;
    for (const auto& actor : actors_) actor->tally().AddTo(all);
    return all;
  }

 private:
  std::stop_source stop_;
  std::vector<std::unique_ptr<Actor>> actors_;
  std::vector<std::jthread> threads_;
};

// `count` calls at once; the first error of them.
template <typename Begin>
absl::Status AtOnce(int count, Begin begin) {
  std::vector<std::promise<absl::Status>> ends(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    begin(i, [&end = ends[static_cast<std::size_t>(i)]](const auto& reply) {
      end.set_value(reply.status());
    });
  }
  absl::Status first;
  for (auto& end : ends) first.Update(end.get_future().get());
  return first;
}

bool NextLine() {
  std::string line;
  return static_cast<bool>(std::getline(std::cin, line));
}

}  // namespace

auth::v1::LoginRequest LoginOf(std::string_view user, std::string_view password) {
  auth::v1::LoginRequest request;
  request.set_username(std::string(user));
  request.set_password(std::string(password));
  return request;
}

absl::Status WarmUpDaemon(const Target& target) {
  constexpr int kLogins = 4;  // More than there are threads for one user, as a rule.
  const auto channel = Connect(target.daemon, {.backend = target.backend});
  auth::v1::AuthClient auth(channel);
  absl::Status status = auth.Login(LoginOf(kGuessedUser, kPassword)).status();
  if (!status.ok()) return status;
  status = AtOnce(kLogins, [&auth](int i, auto done) {
    auth.LoginAsync(LoginOf(absl::StrCat("user-", i + 1), kPassword), {}, std::move(done));
  });
  if (!status.ok()) return status;
  upper::v1::UpperClient upper(channel);
  upper::v1::UppercaseRequest request;
  request.set_text(std::string(kLargeBytes, 'x'));
  return AtOnce(kLargeCalls, [&upper, &request](int, auto done) {
    upper.UppercaseAsync(request, {}, std::move(done));
  });
}

absl::Status WarmUpShapes(const Target& target) {
  const RawClient client(Connect(target.shapes, {.backend = target.backend}));
  const RawMessage request{std::string(kLargeBytes, 'x')};
  return AtOnce(kLargeCalls, [&client, &request](int, auto done) {
    client.UnaryAsync("shapes.v1.Raw/Unary", request, {}, std::move(done));
  });
}

absl::Status RunLoad(const Target& target, std::uint32_t seed) {
  absl::Status status = WarmUpShapes(target);
  if (!status.ok()) return status;
  std::cout << "READY" << std::endl;
  if (!NextLine()) return absl::OkStatus();
  Load load(target, seed);
  NextLine();
  load.End().Print();
  while (NextLine()) {
  }
  return absl::OkStatus();
}

}  // namespace piperpc::soak
