// Logins at the service behind a server: what guesses that come together gain, who is held up, what
// the log says, and that what fails beside a login costs nobody theirs. Time is the test's.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "auth/v1/auth.piperpc.h"
#include "piperpc/channel.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"
#include "services/auth/auth.h"
#include "services/auth/authenticator.h"
#include "services/auth/sqlite_account_store.h"
#include "support/eventually.h"

namespace services {
namespace {

using absl::StatusCode;
using piperpc::testing::Eventually;
using piperpc::testing::kTooLong;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

// A store that fails as it is told to.
class FailingStore final : public AccountStore {
 public:
  enum class Way { kThrow, kFull };
  explicit FailingStore(Way way) : way_(way) {}
  absl::StatusOr<std::optional<std::string>> FindHash(std::string_view) override {
    if (way_ == Way::kThrow) throw std::bad_alloc();
    return absl::ResourceExhaustedError("database: database or disk is full");
  }
  absl::StatusOr<bool> Insert(std::string_view, std::string_view) override { return false; }
  absl::Status ReplaceHash(std::string_view, std::string_view, std::string_view) override {
    return absl::OkStatus();
  }

 private:
  const Way way_;
};

// A store of which everything can be read, and no hash replaced.
class UnrenewableStore final : public AccountStore {
 public:
  UnrenewableStore(AccountStore& store, FailingStore::Way way) : store_(store), way_(way) {}
  absl::StatusOr<std::optional<std::string>> FindHash(std::string_view name) override {
    return store_.FindHash(name);
  }
  absl::StatusOr<bool> Insert(std::string_view name, std::string_view hash) override {
    return store_.Insert(name, hash);
  }
  absl::Status ReplaceHash(std::string_view, std::string_view, std::string_view) override {
    if (way_ == FailingStore::Way::kThrow) throw std::runtime_error("of the store");
    return absl::ResourceExhaustedError("database: database or disk is full");
  }

 private:
  AccountStore& store_;
  const FailingStore::Way way_;
};

// Registers `user` with a hash that the server's hasher takes for outdated.
void RegisterWithOutdatedHash(AccountStore& store, const std::string& user,
                              const std::string& password) {
  PasswordCost cost = PasswordCost::Minimal();
  cost.operations += 1;
  Authenticator earlier(store, *PasswordHasher::Create(cost));
  ASSERT_TRUE(earlier.Authenticate(user, password).ok());
}

struct Line {
  piperpc::LogLevel level;
  std::string text;
};

class GuessesTest : public ::testing::Test {
 protected:
  void Serve(AccountStore& store) {
    AuthOptions options;
    options.sleep = [this](auto delay, auto) { return SkipTime(delay); };
    options.now = [this] { return Now(); };
    options.log = [this](const piperpc::LogRecord& record) {
      Note(record);
      if (log_throws_) throw std::runtime_error("of the log");
    };
    options.observer = observer_;
    options.hash_threads = hash_threads_;
    options.hash_queue = hash_queue_;
    auth_ = std::make_unique<Auth>(store, *PasswordHasher::Create(PasswordCost::Minimal()),
                                   std::move(options));
    server_ = std::make_unique<piperpc::testing::InProcessServer>(*auth_);
    ASSERT_THAT(server_->status(), piperpc::testing::IsOk());
  }

  std::shared_ptr<piperpc::Channel> Connect() { return server_->NewChannel(); }

  static absl::Status Login(const std::shared_ptr<piperpc::Channel>& channel,
                            const std::string& password, const std::string& user = "ana",
                            std::stop_token stop = {}) {
    auth::v1::LoginRequest request;
    request.set_username(user);
    request.set_password(password);
    return auth::v1::AuthClient(channel)
        .Login(request, {.timeout = kTooLong, .stop = std::move(stop)})
        .status();
  }

  // While a login sleeps, unless time is held, its whole delay passes.
  piperpc::Task<bool> SkipTime(std::chrono::steady_clock::duration delay) {
    if (hold_) {
      held_ = true;
      auto wait = release_.Wait();
      co_await wait;
    }
    std::lock_guard lock(mutex_);
    now_ += delay;
    co_return true;
  }

  std::chrono::steady_clock::time_point Now() {
    std::lock_guard lock(mutex_);
    return now_;
  }

  void Note(const piperpc::LogRecord& record) {
    std::string text(record.event);
    for (const auto& [key, value] : record.fields) {
      text += " " + std::string(key) + "=" + value;
    }
    std::lock_guard lock(mutex_);
    lines_.push_back({record.level, text});
  }

  std::vector<Line> LinesWith(const std::string& text) {
    std::lock_guard lock(mutex_);
    std::vector<Line> found;
    for (const Line& line : lines_) {
      if (line.text.find(text) != std::string::npos) found.push_back(line);
    }
    return found;
  }

  const std::unique_ptr<AccountStore> store_ = *OpenAccountStore(kInMemory);
  std::mutex mutex_;
  std::chrono::steady_clock::time_point now_{std::chrono::hours(1000)};
  std::vector<Line> lines_;
  LoginObserver* observer_ = nullptr;
  std::size_t hash_threads_ = 0;
  std::size_t hash_queue_ = 64;
  std::atomic<bool> log_throws_ = false;
  std::atomic<bool> hold_ = false;
  std::atomic<bool> held_ = false;  // Somebody waits for `release_`.
  piperpc::AsyncEvent release_;
  std::unique_ptr<Auth> auth_;
  std::unique_ptr<piperpc::testing::InProcessServer> server_;
};

TEST_F(GuessesTest, OverManyConnectionsTogetherTakeAsLongAsOneAfterTheOther) {
  Serve(*store_);
  ASSERT_TRUE(Login(Connect(), "secret").ok());
  const auto begin = Now();
  {
    std::vector<std::jthread> guessers;
    for (int i = 0; i < 12; ++i) {
      guessers.emplace_back(
          [this] { EXPECT_EQ(Login(Connect(), "guess").code(), StatusCode::kUnauthenticated); });
    }
  }
  // None before the first failure; then they double, up to two seconds.
  EXPECT_EQ(Now() - begin, milliseconds(100 + 200 + 400 + 800 + 1600 + 6 * 2000));
}

TEST_F(GuessesTest, WithANameOfControlCharactersAreLoggedInOneLine) {
  Serve(*store_);
  const std::string name = "a\nuser=root\x1b[2J" + std::string(300, 'b');
  EXPECT_EQ(Login(Connect(), "secret", name).code(), StatusCode::kInvalidArgument);
  const std::vector<Line> lines = LinesWith("user=a\\nuser=root\\x1b[2Jb");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines.front().text.find_first_of("\n\x1b"), std::string::npos);
  EXPECT_NE(lines.front().text.find("... (315 bytes)"), std::string::npos);
}

TEST_F(GuessesTest, OnOneConnectionAreNotMoreThanItsLimitAtOnceAndGainNothing) {
  Serve(*store_);
  ASSERT_TRUE(Login(Connect(), "secret").ok());
  const auto channel = Connect();
  ASSERT_EQ(Login(channel, "guess").code(), StatusCode::kUnauthenticated);
  hold_ = true;  // The next one sleeps until it is released, and the others wait behind it.
  std::mutex mutex;
  std::condition_variable changed;
  int refused = 0;
  int looked_at = 0;
  std::vector<std::jthread> guessers;
  for (int i = 0; i < 60; ++i) {
    guessers.emplace_back([&] {
      const StatusCode code = Login(channel, "guess").code();
      std::lock_guard lock(mutex);
      ++(code == StatusCode::kResourceExhausted ? refused : looked_at);
      changed.notify_all();
    });
  }
  std::unique_lock lock(mutex);
  ASSERT_TRUE(changed.wait_for(lock, kTooLong, [&] { return refused == 60 - 8; }));
  EXPECT_EQ(looked_at, 0);
  lock.unlock();
  hold_ = false;
  release_.Set();
  guessers.clear();
  EXPECT_EQ(looked_at, 8);
  EXPECT_EQ(refused, 52);
}

TEST_F(GuessesTest, OfOneNameDoNotHoldUpAnotherOne) {
  Serve(*store_);
  ASSERT_TRUE(Login(Connect(), "secret").ok());
  const auto channel = Connect();
  ASSERT_EQ(Login(channel, "guess").code(), StatusCode::kUnauthenticated);
  hold_ = true;
  std::jthread guesser([&] { Login(channel, "guess").IgnoreError(); });
  ASSERT_TRUE(Eventually([this] { return held_.load(); }));
  EXPECT_TRUE(Login(Connect(), "other", "rui").ok());
  hold_ = false;
  release_.Set();
}

TEST_F(GuessesTest, ARightPasswordAmongThemIsLetIn) {
  Serve(*store_);
  ASSERT_TRUE(Login(Connect(), "secret").ok());
  std::vector<std::jthread> guessers;
  for (int i = 0; i < 6; ++i) {
    guessers.emplace_back([this] { Login(Connect(), "guess").IgnoreError(); });
  }
  EXPECT_TRUE(Login(Connect(), "secret").ok());
}

TEST_F(GuessesTest, TheLogNamesWhoLoggedInAndWhoWasRefusedButNoPassword) {
  Serve(*store_);
  ASSERT_TRUE(Login(Connect(), "secret").ok());
  ASSERT_FALSE(Login(Connect(), "guessed").ok());
  const auto logins = LinesWith("login user=ana");
  ASSERT_EQ(logins.size(), 1u);
  EXPECT_EQ(logins[0].level, piperpc::LogLevel::kInfo);
  EXPECT_THAT(logins[0].text, HasSubstr("registered=true"));
  const auto refused = LinesWith("login refused user=ana");
  ASSERT_EQ(refused.size(), 1u);
  EXPECT_EQ(refused[0].level, piperpc::LogLevel::kWarning);
  EXPECT_THAT(refused[0].text, HasSubstr("UNAUTHENTICATED"));
  EXPECT_TRUE(LinesWith("guessed").empty());
  EXPECT_TRUE(LinesWith("secret").empty());
}

TEST_F(GuessesTest, AFullDiskIsAnErrorInTheLog) {
  FailingStore store(FailingStore::Way::kFull);
  Serve(store);
  EXPECT_EQ(Login(Connect(), "secret").code(), StatusCode::kResourceExhausted);
  const auto lines = LinesWith("accounts cannot be used");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0].level, piperpc::LogLevel::kError);
  EXPECT_THAT(lines[0].text, HasSubstr("disk is full"));
}

TEST_F(GuessesTest, AnExceptionWhileHashingEndsTheLoginAndNothingElse) {
  FailingStore store(FailingStore::Way::kThrow);
  Serve(store);
  const auto channel = Connect();
  for (int i = 0; i < 3; ++i) {  // Its turn was given back, too.
    const absl::Status status = Login(channel, "secret");
    EXPECT_EQ(status.code(), StatusCode::kInternal);
    EXPECT_EQ(status.message(), "the login failed on the server; see the server's log");
  }
  EXPECT_EQ(LinesWith("exception in a login").size(), 3u);
}

TEST_F(GuessesTest, ALogThatThrowsLosesNoTurnAndNoPlace) {
  for (const auto way : {FailingStore::Way::kThrow, FailingStore::Way::kFull}) {
    FailingStore store(way);
    hash_threads_ = 1;
    hash_queue_ = 2;
    log_throws_ = true;
    Serve(store);
    const auto channel = Connect();
    for (int i = 0; i < 10; ++i) {
      const StatusCode code = Login(channel, "secret").code();
      EXPECT_EQ(code, way == FailingStore::Way::kThrow ? StatusCode::kInternal
                                                       : StatusCode::kResourceExhausted);
    }
    EXPECT_FALSE(LinesWith(way == FailingStore::Way::kThrow ? "exception in a login"
                                                            : "accounts cannot be used")
                     .empty());
    server_.reset();
  }
}

TEST_F(GuessesTest, ALogThatThrowsKeepsNobodyOut) {
  log_throws_ = true;
  Serve(*store_);
  const auto channel = Connect();
  ASSERT_TRUE(Login(channel, "secret").ok());
  EXPECT_EQ(auth::v1::AuthClient(channel).WhoAmI({})->username(), "ana");
  EXPECT_EQ(Login(channel, "guess").code(), StatusCode::kUnauthenticated);
}

TEST_F(GuessesTest, AHashThatCannotBeRenewedIsInTheLogAndKeepsNobodyOut) {
  RegisterWithOutdatedHash(*store_, "ana", "secret");
  const std::pair<FailingStore::Way, const char*> ways[] = {
      {FailingStore::Way::kFull, "disk is full"}, {FailingStore::Way::kThrow, "of the store"}};
  for (const auto& [way, reason] : ways) {
    UnrenewableStore store(*store_, way);
    Serve(store);
    EXPECT_TRUE(Login(Connect(), "secret").ok());
    const auto lines = LinesWith(reason);
    ASSERT_EQ(lines.size(), 1u) << reason;
    EXPECT_EQ(lines[0].level, piperpc::LogLevel::kWarning);
    EXPECT_THAT(lines[0].text, HasSubstr("password hash not renewed user=ana"));
    server_.reset();
  }
}

TEST_F(GuessesTest, ALogThatThrowsWhenAHashCannotBeRenewedKeepsNobodyOut) {
  RegisterWithOutdatedHash(*store_, "ana", "secret");
  UnrenewableStore store(*store_, FailingStore::Way::kFull);
  log_throws_ = true;
  Serve(store);
  EXPECT_TRUE(Login(Connect(), "secret").ok());
  EXPECT_EQ(LinesWith("password hash not renewed").size(), 1u);
}

TEST_F(GuessesTest, AnObserverThatThrowsKeepsNobodyOut) {
  struct Throws final : LoginObserver {
    void OnLogin(std::string_view) override { throw std::runtime_error("of the observer"); }
  } observer;
  observer_ = &observer;
  Serve(*store_);
  const auto channel = Connect();
  ASSERT_TRUE(Login(channel, "secret").ok());
  EXPECT_EQ(auth::v1::AuthClient(channel).WhoAmI({})->username(), "ana");
  EXPECT_EQ(LinesWith("exception in a login what=of the observer").size(), 1u);
}

// With an event of their own, for those who cancel logins at will.
TEST_F(GuessesTest, ALoginThatIsCancelledIsNotLoggedAsARefusedOne) {
  Serve(*store_);
  ASSERT_TRUE(Login(Connect(), "secret").ok());
  const auto channel = Connect();
  ASSERT_EQ(Login(channel, "guess").code(), StatusCode::kUnauthenticated);
  hold_ = true;
  std::stop_source stop;
  std::jthread cancels([&] {
    EXPECT_EQ(Login(channel, "guess", "ana", stop.get_token()).code(), StatusCode::kCancelled);
  });
  ASSERT_TRUE(Eventually([this] { return held_.load(); }));
  stop.request_stop();
  cancels.join();
  // What is answered after it on the same connection shows that the server knows.
  EXPECT_FALSE(auth::v1::AuthClient(channel).WhoAmI({}).ok());
  hold_ = false;
  release_.Set();
  ASSERT_TRUE(Eventually([this] { return !LinesWith("login cancelled user=ana").empty(); }));
  EXPECT_EQ(LinesWith("login cancelled")[0].level, piperpc::LogLevel::kInfo);
  EXPECT_EQ(LinesWith("login refused").size(), 1u);
}

}  // namespace
}  // namespace services
