#include "tools/piperpc/connection.h"

#include <memory>
#include <thread>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "piperpc/builtin.h"
#include "piperpc/server.h"
#include "piperpc/v1/reflection.piperpc.h"
#include "services/upper/upper.h"
#include "support/endpoints.h"
#include "support/scratch_folder.h"
#include "tools/piperpc/server_wait.h"

namespace piperpc::cli {
namespace {

using std::chrono::milliseconds;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// A server in this process, and a connection of the command line to it.
class ConnectionTest : public ::testing::Test {
 protected:
  ConnectionTest() { settings_.endpoint = testing::AddressIn(folder_.path(), "server"); }

  void Serve(Service& service) { ASSERT_TRUE(server_.AddService(service).ok()); }
  void Start() {
    const absl::Status status = server_.Start(settings_.endpoint);
    ASSERT_TRUE(status.ok()) << status;
    connection_ = std::make_unique<Connection>(settings_);
  }

  Outcome AwaitServingOf(const std::string& service, const CommandDeadline& deadline = {}) {
    return AwaitServing(*connection_, service, deadline);
  }
  Outcome FindMethod(std::string_view name) {
    return connection_->FindMethod(name, CommandDeadline()).outcome();
  }

  const testing::ScratchFolder folder_;
  Settings settings_;
  services::Upper upper_;
  BuiltinServices builtin_;
  Server server_;
  std::unique_ptr<Connection> connection_;
};

class ServingTest : public ConnectionTest {
 protected:
  void SetUp() override {
    ASSERT_TRUE(builtin_.AddTo(server_).ok());
    Serve(upper_);
    Start();
  }
  const std::string service_ = "upper.v1.UpperService";
};

TEST_F(ServingTest, WhatServesIsNotWaitedFor) {
  EXPECT_TRUE(AwaitServingOf("").ok());
  EXPECT_TRUE(AwaitServingOf(service_).ok());
}

TEST_F(ServingTest, AServiceThatTheServerDoesNotHaveIsToldAtOnceWithThoseItHas) {
  const Outcome outcome = AwaitServingOf("nope.v1.Nope");  // Without a limit of time.
  EXPECT_TRUE(outcome.Is(absl::StatusCode::kNotFound)) << outcome;
  EXPECT_THAT(outcome.message(), AllOf(HasSubstr("no service \"nope.v1.Nope\" on this server"),
                                       HasSubstr("upper.v1.UpperService")));
}

TEST_F(ServingTest, AServiceThatDoesNotServeYetIsWaitedFor) {
  ASSERT_TRUE(builtin_.SetServing(service_, false).ok());
  std::thread later([&] { EXPECT_TRUE(builtin_.SetServing(service_, true).ok()); });
  EXPECT_TRUE(AwaitServingOf(service_).ok());
  later.join();
}

TEST_F(ServingTest, WhenTheTimeIsOverTheTextSaysThatTheServerDoesNotServe) {
  ASSERT_TRUE(builtin_.SetServing(service_, false).ok());
  Outcome outcome;
  // The server's answer may come after the shortest of these times.
  for (milliseconds time(200); time < milliseconds(20'000); time *= 2) {
    outcome = AwaitServingOf(service_, CommandDeadline(time, {}));
    ASSERT_TRUE(outcome.Is(absl::StatusCode::kDeadlineExceeded)) << outcome;
    EXPECT_THAT(outcome.message(), HasSubstr("the deadline has passed while waiting for "));
    if (outcome.message().ends_with("the server says that it is not serving")) return;
  }
  FAIL() << outcome;
}

TEST_F(ServingTest, AServiceInPlaceOfAMethodIsToldWithItsMethods) {
  for (const char* name :
       {"upper.v1.UpperService", "upper.v1.UpperService/", "upper.v1.UpperService."}) {
    const Outcome outcome = FindMethod(name);
    EXPECT_EQ(outcome.exit_code(), kExitUsage);
    EXPECT_EQ(outcome.message(),
              "upper.v1.UpperService is a service, not a method; it has "
              "upper.v1.UpperService/Uppercase, upper.v1.UpperService/UppercaseLines");
  }
}

TEST_F(ServingTest, SomethingElseInPlaceOfAMethodIsToldAsWhatItIs) {
  const std::pair<const char*, const char*> cases[] = {
      {"upper.v1.UppercaseRequest", "is a message, not a method"},
      {"upper.v1.UppercaseRequest.text", "is a field, not a method"},
      {"piperpc.v1.ServingStatus", "is an enum, not a method"},
  };
  for (const auto& [name, text] : cases) {
    const Outcome outcome = FindMethod(name);
    EXPECT_EQ(outcome.exit_code(), kExitUsage);
    EXPECT_EQ(outcome.message(), std::string(name) + " " + text);
  }
}

TEST_F(ServingTest, AnUnknownServiceIsToldWithThoseThereAre) {
  for (const char* name : {"nope.v1.Nope/Do", "upper.v1/Do", "upper.v1.UppercaseRequest/Do"}) {
    const Outcome outcome = FindMethod(name);
    EXPECT_TRUE(outcome.Is(absl::StatusCode::kUnimplemented)) << outcome;
    EXPECT_THAT(outcome.message(),
                AllOf(HasSubstr("no service \""), HasSubstr("; it has the services "),
                      HasSubstr("upper.v1.UpperService")));
  }
}

TEST_F(ConnectionTest, AServerWithoutHealthIsToldFromOneThatIsNotThere) {
  Serve(upper_);
  Start();
  const Outcome outcome = AwaitServingOf("");
  EXPECT_TRUE(outcome.Is(absl::StatusCode::kUnimplemented)) << outcome;
  EXPECT_THAT(outcome.message(), HasSubstr("no piperpc.v1.HealthService"));
}

// Names more services than a person would read.
class ManyServices final : public v1::ReflectionService {
  Task<absl::StatusOr<v1::ListServicesResponse>> CoListServices(ServerContext&,
                                                                v1::ListServicesRequest) override {
    v1::ListServicesResponse response;
    for (int i = 0; i < 1000; ++i) response.add_services("s" + std::to_string(i));
    co_return response;
  }
  Task<absl::StatusOr<v1::GetFileDescriptorsResponse>> CoGetFileDescriptors(
      ServerContext&, v1::GetFileDescriptorsRequest) override {
    co_return absl::NotFoundError("none");
  }
};

TEST_F(ConnectionTest, OfManyServicesAnErrorNamesAFew) {
  ManyServices many;
  Serve(many);
  Start();
  const std::string text = FindMethod("nope.v1.Nope/Do").message();
  EXPECT_THAT(text,
              AllOf(HasSubstr("s0, s1, "), HasSubstr("s19, and 980 more"), Not(HasSubstr("s20"))));
  EXPECT_TRUE(server_.Shutdown(std::chrono::seconds(5)).clean());
}

}  // namespace
}  // namespace piperpc::cli
