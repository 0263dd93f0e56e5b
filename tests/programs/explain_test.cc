#include "tools/piperpc/explain.h"

#include <memory>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "piperpc/builtin.h"
#include "piperpc/server.h"
#include "services/auth/auth.h"
#include "services/auth/password_hasher.h"
#include "services/auth/sqlite_account_store.h"
#include "services/upper/upper.h"
#include "support/endpoints.h"
#include "support/scratch_folder.h"
#include "upper/v1/upper.pb.h"

namespace piperpc::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kMethod[] = "upper.v1.UpperService/Uppercase";

absl::Status WithDetail(std::string_view type, const std::string& bytes) {
  absl::Status status = absl::FailedPreconditionError("no");
  status.SetPayload({type.data(), type.size()}, absl::Cord(bytes));
  return status;
}

// A server in this process that has upper.v1 and reflection, and auth.v1 where a test wants it.
class ExplainTest : public ::testing::Test {
 protected:
  ExplainTest() {
    settings_.endpoint = testing::AddressIn(folder_.path(), "server");
    EXPECT_TRUE(builtin_.AddTo(server_).ok());
    EXPECT_TRUE(server_.AddService(upper_).ok());
  }

  void AddLogins() {
    accounts_ = *services::OpenAccountStore(services::kInMemory);
    auth_ = std::make_unique<services::Auth>(
        *accounts_, *services::PasswordHasher::Create(services::PasswordCost::Minimal()),
        services::AuthOptions());
    ASSERT_TRUE(server_.AddService(*auth_).ok());
  }

  void Start() {
    ASSERT_TRUE(server_.Start(settings_.endpoint).ok());
    connection_ = std::make_unique<Connection>(settings_);
  }

  std::string Explained(const absl::Status& status, AdviceFor where = AdviceFor::kCommandLine,
                        const char* name = kMethod) {
    const auto method = connection_->FindMethod(name, CommandDeadline());
    EXPECT_TRUE(method.ok()) << method.outcome();
    return Explain(*connection_, *method, status, where, CommandDeadline()).Describe();
  }

  const testing::ScratchFolder folder_;
  Settings settings_;
  services::Upper upper_;
  BuiltinServices builtin_;
  std::unique_ptr<services::AccountStore> accounts_;
  std::unique_ptr<services::Auth> auth_;
  Server server_;
  std::unique_ptr<Connection> connection_;
};

TEST_F(ExplainTest, ADetailWhoseTypeTheServerKnowsIsShownAsJson) {
  Start();
  upper::v1::UppercaseRequest detail;
  detail.set_text("a\x1b");
  const std::string bytes = detail.SerializeAsString();
  for (const char* url : {"type.googleapis.com/upper.v1.UppercaseRequest",
                          "elsewhere.org/upper.v1.UppercaseRequest"}) {
    EXPECT_THAT(Explained(WithDetail(url, bytes)), HasSubstr(R"(: {"text":"a\u001b"})")) << url;
  }
}

TEST_F(ExplainTest, ADetailThatNobodyKnowsOrThatIsNoneOfItsTypeStaysBytes) {
  Start();
  for (const char* type :
       {"shop.v1.PriceProblem", "upper.v1.UppercaseRequest", "upper.v1.UpperService", "", "\xff"}) {
    const Outcome plain(WithDetail(type, "\n\xff"));
    EXPECT_EQ(Explained(plain.status()), plain.Describe());
  }
}

TEST_F(ExplainTest, AServerThatHasGoneHoldsNothingUp) {
  Start();
  upper::v1::UppercaseRequest detail;
  const auto method = connection_->FindMethod("piperpc.v1.HealthService/Check", CommandDeadline());
  ASSERT_TRUE(method.ok());
  server_.Shutdown(std::chrono::milliseconds(0));
  const Outcome plain(WithDetail("upper.v1.UppercaseRequest", detail.SerializeAsString()));
  EXPECT_EQ(
      Explain(*connection_, *method, plain, AdviceFor::kCommandLine, CommandDeadline()).Describe(),
      plain.Describe());
}

TEST_F(ExplainTest, WhoIsNotLoggedInLearnsHowTo) {
  AddLogins();
  Start();
  const absl::Status refused = absl::UnauthenticatedError("log in first");
  EXPECT_EQ(Explained(refused), "UNAUTHENTICATED: log in first\n  to log in, give --user NAME");
  EXPECT_EQ(Explained(refused, AdviceFor::kSession),
            "UNAUTHENTICATED: log in first\n  to log in: login NAME");
  EXPECT_EQ(Explained(refused, AdviceFor::kCommandLine, "auth.v1.AuthService/Login"),
            "UNAUTHENTICATED: log in first");
  ASSERT_TRUE(
      connection_->Login("ana", "x", Connection::UnknownUser::kRegister, CommandDeadline()).ok());
  EXPECT_EQ(Explained(refused), "UNAUTHENTICATED: log in first");
}

TEST_F(ExplainTest, AServerWithoutLoginsIsNotLoggedInTo) {
  Start();
  EXPECT_EQ(Explained(absl::UnauthenticatedError("who?")), "UNAUTHENTICATED: who?");
}

TEST_F(ExplainTest, AReplyThatIsTooLargeNamesTheFlag) {
  settings_.max_message_bytes = 64 * 1024;
  Start();
  const auto method = connection_->FindMethod(kMethod, CommandDeadline());
  ASSERT_TRUE(method.ok()) << method.outcome();
  // Of a type without a login: what the server says of it is what it says of all.
  const absl::Status said = absl::ResourceExhaustedError(
      "the reply has 100 bytes; the client accepts at most 65536 "
      "(ChannelOptions::max_message_bytes)");
  EXPECT_THAT(Explained(said), HasSubstr("\n  give --max-message SIZE"));
  EXPECT_THAT(Explained(absl::ResourceExhaustedError("no room")), Not(HasSubstr("--max-message")));
}

}  // namespace
}  // namespace piperpc::cli
