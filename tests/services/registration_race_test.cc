// Many clients that register one name at once, each with a password of its own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "auth/v1/auth.piperpc.h"
#include "piperpc/channel.h"
#include "piperpc/in_process.h"
#include "piperpc/server.h"
#include "services/auth/auth.h"
#include "services/auth/sqlite_account_store.h"
#include "support/eventually.h"
#include "support/scratch_folder.h"

namespace services {
namespace {

using auth::v1::LoginResponse;
using Logins = std::vector<absl::StatusOr<LoginResponse>>;

constexpr char kEndpoint[] = "accounts";
constexpr std::size_t kClients = 64;

std::string PasswordOf(std::size_t client) { return "secret-of-" + std::to_string(client); }

piperpc::Task<bool> DoNotSleep() { co_return true; }

AuthOptions WithoutDelays() {
  AuthOptions options;
  options.sleep = [](auto, auto) { return DoNotSleep(); };
  return options;
}

// What a program that serves accounts is made of; the accounts outlive it.
class Daemon {
 public:
  Daemon(const std::string& accounts, piperpc::transport::Transport& transport)
      : store_(*OpenAccountStore(accounts)), server_({.transport = &transport}) {
    EXPECT_TRUE(server_.AddService(auth_).ok());
    EXPECT_TRUE(server_.Start(kEndpoint).ok());
  }

 private:
  const std::unique_ptr<AccountStore> store_;
  Auth auth_{*store_, *PasswordHasher::Create(PasswordCost::Minimal()), WithoutDelays()};
  piperpc::Server server_;
};

class RegistrationRace : public ::testing::Test {
 protected:
  // Each client on a connection of its own, with a password of its own.
  Logins LogInAtOnce(bool existing_only) {
    Logins logins(kClients, absl::UnknownError("not tried"));
    std::atomic<std::size_t> connected = 0;
    std::promise<void> begin;
    const std::shared_future<void> begun = begin.get_future().share();
    std::vector<std::jthread> clients;
    for (std::size_t i = 0; i < kClients; ++i) {
      clients.emplace_back([&, i] {
        const auto channel = piperpc::Connect(kEndpoint, {.transport = transport_.get()});
        EXPECT_TRUE(channel->WaitUntilReady(std::chrono::seconds(60)).ok());
        ++connected;
        begun.wait();
        logins[i] = LogIn(channel, PasswordOf(i), existing_only);
      });
    }
    EXPECT_TRUE(piperpc::testing::Eventually([&] { return connected == kClients; }));
    begin.set_value();
    clients.clear();  // Joins them.
    return logins;
  }

  static absl::StatusOr<LoginResponse> LogIn(const std::shared_ptr<piperpc::Channel>& channel,
                                             const std::string& password, bool existing_only) {
    auth::v1::LoginRequest request;
    request.set_username("ana");
    request.set_password(password);
    request.set_existing_only(existing_only);
    return auth::v1::AuthClient(channel).Login(request, {.timeout = std::chrono::seconds(60)});
  }

  // Who was let in, if it was one; the others must have been told that their password is wrong.
  static std::optional<std::size_t> OnlyOneLetIn(const Logins& logins, bool registered) {
    std::vector<std::size_t> let_in;
    for (std::size_t i = 0; i < logins.size(); ++i) {
      if (logins[i].ok()) {
        EXPECT_EQ(logins[i]->registered(), registered) << i;
        let_in.push_back(i);
      } else {
        EXPECT_TRUE(absl::IsUnauthenticated(logins[i].status())) << logins[i].status();
      }
    }
    EXPECT_THAT(let_in, ::testing::SizeIs(1));
    return let_in.size() == 1 ? std::optional(let_in.front()) : std::nullopt;
  }

  const piperpc::testing::ScratchFolder folder_;
  const std::string accounts_ = folder_.File("accounts.db");
  const std::shared_ptr<piperpc::transport::Transport> transport_ =
      piperpc::NewInProcessTransport();
};

TEST_F(RegistrationRace, IsWonByOneClientWhoseAloneIsTheNameAlsoAfterARestart) {
  std::optional<Daemon> daemon(std::in_place, accounts_, *transport_);
  const std::optional<std::size_t> winner = OnlyOneLetIn(LogInAtOnce(false), true);
  daemon.reset();
  daemon.emplace(accounts_, *transport_);
  EXPECT_EQ(OnlyOneLetIn(LogInAtOnce(true), false), winner);
}

}  // namespace
}  // namespace services
