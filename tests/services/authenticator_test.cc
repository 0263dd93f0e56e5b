#include "services/auth/authenticator.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "services/auth/sqlite_account_store.h"

namespace services {
namespace {

PasswordHasher Hasher(unsigned long long more_operations = 0) {
  PasswordCost cost = PasswordCost::Minimal();
  cost.operations += more_operations;
  return *PasswordHasher::Create(cost);
}

class AuthenticatorTest : public ::testing::Test {
 protected:
  const std::unique_ptr<AccountStore> store_ = *OpenAccountStore(kInMemory);
  Authenticator authenticator_{*store_, Hasher()};
};

TEST_F(AuthenticatorTest, RegistersANameOnceAndRecognisesItAfterwards) {
  EXPECT_EQ(*authenticator_.Authenticate("ana", "secret"), Authenticated::kRegistered);
  EXPECT_EQ(*authenticator_.Authenticate("ana", "secret"), Authenticated::kRecognised);
}

TEST_F(AuthenticatorTest, RefusesAnotherPassword) {
  ASSERT_TRUE(authenticator_.Authenticate("ana", "secret").ok());
  const auto refused = authenticator_.Authenticate("ana", "wrong");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(refused.status().message(), "wrong password");
}

TEST_F(AuthenticatorTest, RegistersNothingForALoginOfAnExistingAccountOnly) {
  const auto unknown = authenticator_.Authenticate("anna", "secret", UnknownName::kRefuse);
  EXPECT_EQ(unknown.status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(*store_->FindHash("anna"), std::nullopt);
  ASSERT_TRUE(authenticator_.Authenticate("ana", "secret").ok());
  EXPECT_EQ(*authenticator_.Authenticate("ana", "secret", UnknownName::kRefuse),
            Authenticated::kRecognised);
}

TEST_F(AuthenticatorTest, StoresNoPassword) {
  ASSERT_TRUE(authenticator_.Authenticate("ana", "secret").ok());
  EXPECT_EQ((*store_->FindHash("ana"))->find("secret"), std::string::npos);
}

TEST_F(AuthenticatorTest, GivesAnAccountANewHashWhenTheCostHasChanged) {
  ASSERT_TRUE(authenticator_.Authenticate("ana", "secret").ok());
  const PasswordHasher dearer = Hasher(1);
  Authenticator later(*store_, dearer);
  EXPECT_FALSE(later.Authenticate("ana", "wrong").ok());
  EXPECT_TRUE(dearer.IsOutdated(**store_->FindHash("ana")));
  EXPECT_EQ(*later.Authenticate("ana", "secret"), Authenticated::kRecognised);
  EXPECT_FALSE(dearer.IsOutdated(**store_->FindHash("ana")));
  EXPECT_EQ(*later.Authenticate("ana", "secret"), Authenticated::kRecognised);
}

TEST_F(AuthenticatorTest, LetsOneOfManyFirstLoginsRegisterAndTheOthersMustMatch) {
  for (int round = 0; round < 20; ++round) {
    const std::string name = "user" + std::to_string(round);
    std::atomic<int> registered = 0;
    std::atomic<int> accepted = 0;
    {
      std::vector<std::jthread> threads;
      for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&, i] {
          const auto result = authenticator_.Authenticate(name, i % 2 == 0 ? "even" : "odd");
          if (!result.ok()) return;
          ++accepted;
          if (*result == Authenticated::kRegistered) ++registered;
        });
      }
    }
    EXPECT_EQ(registered, 1);
    EXPECT_EQ(accepted, 2);  // Those with the password that was registered.
  }
}

// A store that does not work.
class BrokenStore final : public AccountStore {
 public:
  absl::StatusOr<std::optional<std::string>> FindHash(std::string_view) override {
    return absl::UnavailableError("locked");
  }
  absl::StatusOr<bool> Insert(std::string_view, std::string_view) override { return false; }
  absl::Status ReplaceHash(std::string_view, std::string_view, std::string_view) override {
    return absl::OkStatus();
  }
};

TEST(Authenticator, LetsNobodyInWhenTheStoreFails) {
  BrokenStore store;
  Authenticator authenticator(store, Hasher());
  EXPECT_EQ(authenticator.Authenticate("ana", "secret").status().code(),
            absl::StatusCode::kUnavailable);
}

// What is there can be read; every change fails, as `fail` does.
class UnchangeableStore final : public AccountStore {
 public:
  UnchangeableStore(AccountStore& store, absl::Status (*fail)()) : store_(store), fail_(fail) {}
  absl::StatusOr<std::optional<std::string>> FindHash(std::string_view name) override {
    return store_.FindHash(name);
  }
  absl::StatusOr<bool> Insert(std::string_view, std::string_view) override { return fail_(); }
  absl::Status ReplaceHash(std::string_view, std::string_view, std::string_view) override {
    return fail_();
  }

 private:
  AccountStore& store_;
  absl::Status (*const fail_)();
};

absl::Status Full() { return absl::ResourceExhaustedError("the disk is full"); }

TEST_F(AuthenticatorTest, TellsOfAHashThatCouldNotBeRenewedAndLetsTheUserIn) {
  ASSERT_TRUE(authenticator_.Authenticate("ana", "secret").ok());
  UnchangeableStore full(*store_, &Full);
  std::vector<piperpc::LogRecord> records;
  Authenticator later(full, Hasher(1),
                      [&](const piperpc::LogRecord& record) { records.push_back(record); });
  EXPECT_EQ(*later.Authenticate("ana", "secret"), Authenticated::kRecognised);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].event, "password hash not renewed");
  EXPECT_EQ(records[0].level, piperpc::LogLevel::kWarning);
  ASSERT_EQ(records[0].fields.size(), 2u);
  EXPECT_EQ(records[0].fields[0].second, "ana");
  EXPECT_NE(records[0].fields[1].second.find("the disk is full"), std::string::npos);
}

TEST_F(AuthenticatorTest, AnythingThatIsThrownByARenewalKeepsNobodyOut) {
  ASSERT_TRUE(authenticator_.Authenticate("ana", "secret").ok());
  UnchangeableStore throwing(*store_, []() -> absl::Status { throw 7; });
  std::vector<piperpc::LogRecord> records;
  Authenticator later(throwing, Hasher(1),
                      [&](const piperpc::LogRecord& record) { records.push_back(record); });
  EXPECT_EQ(*later.Authenticate("ana", "secret"), Authenticated::kRecognised);
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].fields[1].second, "not a std::exception");
}

TEST_F(AuthenticatorTest, ALogThatThrowsKeepsNobodyOut) {
  ASSERT_TRUE(authenticator_.Authenticate("ana", "secret").ok());
  UnchangeableStore full(*store_, &Full);
  Authenticator later(full, Hasher(1), [](const piperpc::LogRecord&) { throw std::bad_alloc(); });
  EXPECT_EQ(*later.Authenticate("ana", "secret"), Authenticated::kRecognised);
}

}  // namespace
}  // namespace services
