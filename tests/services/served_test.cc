// The three services behind a server, and clients that call them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "auth/v1/auth.piperpc.h"
#include "notify/v1/notify.piperpc.h"
#include "piperpc/async.h"
#include "piperpc/channel.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"
#include "services/auth/auth.h"
#include "services/auth/sqlite_account_store.h"
#include "services/notify/notify.h"
#include "services/upper/upper.h"
#include "services/upper/upper_case.h"
#include "support/eventually.h"
#include "upper/v1/upper.piperpc.h"

namespace services {
namespace {

using absl::StatusCode;
using notify::v1::Event;
using ::testing::AllOf;
using ::testing::Gt;
using ::testing::Lt;

// Messages of 100,000 bytes.
constexpr int kMoreThanItsCredit = 6;

piperpc::Task<bool> DoNotSleep(std::atomic<int>& sleeps) {
  ++sleeps;
  co_return true;
}

// A connection of its own, with the stubs that tests use.
struct Client {
  explicit Client(piperpc::testing::InProcessServer& server) : channel(server.NewChannel()) {}

  absl::StatusOr<auth::v1::LoginResponse> Login(const std::string& user,
                                                const std::string& password) {
    auth::v1::LoginRequest request;
    request.set_username(user);
    request.set_password(password);
    return auth::v1::AuthClient(channel).Login(request);
  }

  absl::StatusOr<std::string> Uppercase(const std::string& text) {
    upper::v1::UppercaseRequest request;
    request.set_text(text);
    const auto response = upper::v1::UpperClient(channel).Uppercase(request);
    if (!response.ok()) return response.status();
    return response->text();
  }

  std::string WhoAmI() {
    const auto response = auth::v1::AuthClient(channel).WhoAmI({});
    return response.ok() ? response->username() : std::string(response.status().message());
  }

  const std::shared_ptr<piperpc::Channel> channel;
};

class ServedTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_THAT(server_.status(), piperpc::testing::IsOk()); }

  AuthOptions Options() {
    AuthOptions options;
    options.observer = &notify_;
    options.sleep = [this](auto, auto) { return DoNotSleep(sleeps_); };
    return options;
  }

  const std::unique_ptr<AccountStore> store_ = *OpenAccountStore(kInMemory);
  const std::unique_ptr<Hub> hub_ = *Hub::Create({});
  std::atomic<int> sleeps_ = 0;
  Notify notify_{*hub_};
  Auth auth_{*store_, *PasswordHasher::Create(PasswordCost::Minimal()), Options()};
  Upper upper_;
  piperpc::testing::InProcessServer server_{{&auth_, &upper_, &notify_}};
};

TEST_F(ServedTest, AFirstLoginRegistersAndALaterOneIsRecognised) {
  Client first(server_);
  EXPECT_TRUE(first.Login("ana", "secret")->registered());
  Client second(server_);
  EXPECT_FALSE(second.Login("ana", "secret")->registered());
  EXPECT_EQ(second.WhoAmI(), "ana");
}

TEST_F(ServedTest, AMistypedNameIsNotRegisteredWhereTheLoginAsksForAnExistingOne) {
  Client client(server_);
  ASSERT_TRUE(client.Login("ana", "secret").ok());
  auth::v1::LoginRequest request;
  request.set_username("anna");
  request.set_password("secret");
  request.set_existing_only(true);
  const absl::Status refused = auth::v1::AuthClient(client.channel).Login(request).status();
  EXPECT_EQ(refused.code(), StatusCode::kNotFound) << refused;
  EXPECT_EQ(client.WhoAmI(), "ana");
  EXPECT_EQ(*store_->FindHash("anna"), std::nullopt);
}

TEST_F(ServedTest, AWrongPasswordIsRefusedAndSlowsTheNextAttempt) {
  Client client(server_);
  ASSERT_TRUE(client.Login("ana", "secret").ok());
  Client guesser(server_);
  EXPECT_EQ(guesser.Login("ana", "guess").status().code(), StatusCode::kUnauthenticated);
  EXPECT_EQ(sleeps_, 0);
  EXPECT_TRUE(guesser.Login("ana", "secret").ok());
  EXPECT_EQ(sleeps_, 1);
}

TEST_F(ServedTest, ALoginReplacesTheUserAndAFailedOneLeavesIt) {
  Client client(server_);
  ASSERT_TRUE(client.Login("ana", "secret").ok());
  ASSERT_TRUE(client.Login("rui", "other").ok());
  EXPECT_EQ(client.WhoAmI(), "rui");
  EXPECT_FALSE(client.Login("ana", "wrong").ok());
  EXPECT_EQ(client.WhoAmI(), "rui");
}

TEST_F(ServedTest, AnUnacceptableNameOrPasswordIsRefused) {
  Client client(server_);
  EXPECT_EQ(client.Login("", "secret").status().code(), StatusCode::kInvalidArgument);
  EXPECT_EQ(client.Login("ana", "").status().code(), StatusCode::kInvalidArgument);
}

TEST_F(ServedTest, UppercaseNeedsALoginOfThisConnection) {
  Client client(server_);
  Client other(server_);
  EXPECT_EQ(client.Uppercase("x").status().code(), StatusCode::kUnauthenticated);
  ASSERT_TRUE(client.Login("ana", "secret").ok());
  EXPECT_EQ(*client.Uppercase("straße"), "STRASSE");
  EXPECT_EQ(other.Uppercase("x").status().code(), StatusCode::kUnauthenticated);
  ASSERT_TRUE(auth::v1::AuthClient(client.channel).Logout({}).ok());
  EXPECT_EQ(client.Uppercase("x").status().code(), StatusCode::kUnauthenticated);
}

TEST_F(ServedTest, UppercaseTakesATextThatIsTooLongForTheLoop) {
  Client client(server_);
  ASSERT_TRUE(client.Login("ana", "secret").ok());
  EXPECT_EQ(*client.Uppercase(std::string(1'000'000, 'a')), std::string(1'000'000, 'A'));
}

TEST_F(ServedTest, UppercaseLinesAnswersEachLineAsItComes) {
  Client client(server_);
  ASSERT_TRUE(client.Login("ana", "secret").ok());
  auto lines = upper::v1::UpperClient(client.channel).UppercaseLines();
  for (const char* line : {"um", "dois", "fim"}) {
    upper::v1::UppercaseLinesRequest request;
    request.set_text(line);
    ASSERT_TRUE(lines.Write(request));
    const auto answer = lines.Next();
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->text(), *UpperCase(line));
  }
  lines.WritesDone();
  EXPECT_FALSE(lines.Next().has_value());
  EXPECT_TRUE(lines.status().ok());
}

using Lines = piperpc::AsyncWriter<upper::v1::UppercaseLinesRequest>;

// Each line is written after the previous one was taken, so a slow server slows this down.
void WriteLines(const Lines& lines, std::shared_ptr<std::istream> text) {
  upper::v1::UppercaseLinesRequest request;
  if (!std::getline(*text, *request.mutable_text())) return lines.WritesDone();
  lines.Write(std::move(request), [lines, text](absl::Status written) {
    if (written.ok()) WriteLines(lines, text);
  });
}

TEST_F(ServedTest, UppercaseLinesIsCalledWithCallbacks) {
  Client client(server_);
  ASSERT_TRUE(client.Login("ana", "secret").ok());
  std::vector<std::string> answers;
  std::promise<absl::Status> ended;
  upper::v1::UpperClient upper(client.channel);
  const Lines lines = upper.UppercaseLinesAsync(
      {},
      [&](const Lines&, const upper::v1::UppercaseLinesResponse& answer) {
        answers.push_back(answer.text());
      },
      [&](absl::Status status) { ended.set_value(std::move(status)); });
  WriteLines(lines, std::make_shared<std::istringstream>("um\ndois\nfim"));
  std::future<absl::Status> end = ended.get_future();
  ASSERT_TRUE(piperpc::testing::Arrives(end));
  EXPECT_TRUE(end.get().ok());
  EXPECT_THAT(answers, ::testing::ElementsAre("UM", "DOIS", "FIM"));
}

using LineStream = piperpc::ClientReaderWriter<upper::v1::UppercaseLinesRequest,
                                               upper::v1::UppercaseLinesResponse>;

piperpc::Task<bool> WriteNumbers(LineStream& lines, int count) {
  bool written = true;
  for (int i = 0; i < count && written; ++i) {
    upper::v1::UppercaseLinesRequest request;
    request.set_text("line " + std::to_string(i));
    auto write = lines.CoWrite(std::move(request));
    written = co_await write;
  }
  lines.WritesDone();
  co_return written;
}

// The number of answers; none, if the writing failed.
piperpc::Task<int> WriteAndRead(LineStream lines, int count) {
  piperpc::AsyncEvent written;
  piperpc::Task<bool> writing = WriteNumbers(lines, count);
  writing.Start([](void* event) { static_cast<piperpc::AsyncEvent*>(event)->Set(); }, &written);
  int answers = 0;
  for (bool more = true; more;) {
    auto next = lines.CoNext();
    const std::optional<upper::v1::UppercaseLinesResponse> answer = co_await next;
    more = answer.has_value();
    if (more && answer->text() == "LINE " + std::to_string(answers)) ++answers;
  }
  auto end = written.Wait();
  co_await end;
  co_return writing.Take() ? answers : 0;
}

TEST_F(ServedTest, UppercaseLinesIsWrittenByOneCoroutineAndReadByAnother) {
  Client client(server_);
  ASSERT_TRUE(client.Login("ana", "secret").ok());
  // More than the credit of the stream, so each of them waits for the other.
  constexpr int kCount = 30'000;
  upper::v1::UpperClient upper(client.channel);
  EXPECT_EQ(piperpc::SyncWait(WriteAndRead(upper.UppercaseLines(), kCount)), kCount);
}

TEST_F(ServedTest, EverySubscriberLearnsOfEachLoginOnceAndInOneOrder) {
  Client ear(server_);
  Client other_ear(server_);
  std::vector<piperpc::ClientReader<Event>> streams;
  streams.push_back(notify::v1::NotifyClient(ear.channel).Subscribe({}));
  streams.push_back(notify::v1::NotifyClient(other_ear.channel).Subscribe({}));
  for (auto& stream : streams) ASSERT_TRUE(stream.Next()->has_subscribed());
  {
    std::vector<std::jthread> users;
    for (int i = 0; i < 8; ++i) {
      users.emplace_back([this, i] {
        Client client(server_);
        EXPECT_TRUE(client.Login("user" + std::to_string(i), "secret").ok());
      });
    }
  }
  for (std::uint64_t sequence = 1; sequence <= 8; ++sequence) {
    const auto seen = streams[0].Next();
    const auto also_seen = streams[1].Next();
    ASSERT_TRUE(seen.has_value() && also_seen.has_value());
    EXPECT_EQ(seen->sequence(), sequence);
    EXPECT_EQ(seen->SerializeAsString(), also_seen->SerializeAsString());
  }
}

TEST_F(ServedTest, AFailedLoginIsToldToNobody) {
  Client ear(server_);
  auto events = notify::v1::NotifyClient(ear.channel).Subscribe({});
  ASSERT_TRUE(events.Next()->has_subscribed());
  Client client(server_);
  ASSERT_TRUE(client.Login("ana", "secret").ok());
  EXPECT_FALSE(client.Login("ana", "wrong").ok());
  ASSERT_TRUE(client.Login("rui", "secret").ok());
  EXPECT_EQ(events.Next()->user_logged_in().username(), "ana");
  EXPECT_EQ(events.Next()->user_logged_in().username(), "rui");
}

TEST_F(ServedTest, PublishTellsSubscribersWhoSpeaks) {
  Client ear(server_);
  auto events = notify::v1::NotifyClient(ear.channel).Subscribe({});
  ASSERT_TRUE(events.Next()->has_subscribed());
  Client client(server_);
  notify::v1::PublishRequest request;
  request.set_text("fim");
  EXPECT_EQ(notify::v1::NotifyClient(client.channel).Publish(request)->subscribers(), 1u);
  EXPECT_EQ(events.Next()->message().author(), "");
  ASSERT_TRUE(client.Login("ana", "secret").ok());
  EXPECT_TRUE(events.Next()->has_user_logged_in());
  ASSERT_TRUE(notify::v1::NotifyClient(client.channel).Publish(request).ok());
  const auto event = events.Next();
  EXPECT_EQ(event->message().author(), "ana");
  EXPECT_EQ(event->message().text(), "fim");
}

// It takes what its credit lets through, and then stands still without a word.
TEST_F(ServedTest, ASubscriberThatDoesNotReadIsCutOffAndHoldsNoPlace) {
  Client ear(server_);
  notify::v1::SubscribeRequest request;
  request.set_policy(notify::v1::SLOW_POLICY_DISCONNECT);
  auto events = notify::v1::NotifyClient(ear.channel).Subscribe(request);
  ASSERT_TRUE(events.Next()->has_subscribed());
  Client client(server_);
  notify::v1::PublishRequest message;
  message.set_text(std::string(100'000, 'x'));
  for (std::uint32_t subscribers = 1; subscribers > 0;) {
    const auto published = notify::v1::NotifyClient(client.channel).Publish(message);
    ASSERT_TRUE(published.ok()) << published.status();
    subscribers = published->subscribers();
  }
  ASSERT_TRUE(piperpc::testing::Eventually([this] { return server_.server().stats().calls == 0; }));
  while (events.Next().has_value()) continue;
  EXPECT_EQ(events.status().code(), StatusCode::kResourceExhausted) << events.status();
}

TEST_F(ServedTest, AShutdownEndsSubscriptionsAndSaysSo) {
  Client ear(server_);
  auto events = notify::v1::NotifyClient(ear.channel).Subscribe({});
  ASSERT_TRUE(events.Next()->has_subscribed());
  // For ever, if it did not.
  EXPECT_TRUE(server_.server().Shutdown(std::chrono::milliseconds::max()).clean());
  EXPECT_FALSE(events.Next().has_value());
  EXPECT_EQ(events.status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(events.status().message(), "the server has ended the subscription");
}

// Its reader takes what came while there was credit for it, and what waited is lost.
TEST_F(ServedTest, AShutdownEndsASubscriptionThatWaitsForItsReader) {
  Client ear(server_);
  auto events = notify::v1::NotifyClient(ear.channel).Subscribe({});
  ASSERT_TRUE(events.Next()->has_subscribed());
  Client client(server_);
  notify::v1::PublishRequest message;
  message.set_text(std::string(100'000, 'x'));
  for (int i = 0; i < kMoreThanItsCredit; ++i) {
    ASSERT_TRUE(notify::v1::NotifyClient(client.channel).Publish(message).ok());
  }
  EXPECT_TRUE(server_.server().Shutdown(std::chrono::milliseconds::max()).clean());
  int came = 0;
  while (events.Next().has_value()) ++came;
  EXPECT_THAT(came, AllOf(Gt(0), Lt(kMoreThanItsCredit)));
  EXPECT_EQ(events.status().message(), "the server has ended the subscription");
}

}  // namespace
}  // namespace services
