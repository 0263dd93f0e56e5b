#include "piperpc/builtin.h"

#include <chrono>
#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"
#include "piperpc/channel.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "piperpc/v1/health.piperpc.h"
#include "piperpc/v1/reflection.piperpc.h"

namespace piperpc {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class BuiltinTest : public ::testing::Test {
 protected:
  BuiltinTest() {
    EXPECT_TRUE(builtin_.AddTo(server_).ok());
    const absl::Status started = server_.Start(endpoint_);
    EXPECT_TRUE(started.ok()) << started;
    channel_ = Connect(endpoint_);
  }
  ~BuiltinTest() override {
    channel_->Close();
    server_.Shutdown(std::chrono::seconds(1));
  }

  absl::StatusOr<v1::CheckResponse> Check(const std::string& service) {
    v1::CheckRequest request;
    request.set_service(service);
    return v1::HealthClient(channel_).Check(request);
  }

  absl::StatusOr<v1::GetFileDescriptorsResponse> Files(const std::string& symbol) {
    v1::GetFileDescriptorsRequest request;
    request.set_symbol(symbol);
    return v1::ReflectionClient(channel_).GetFileDescriptors(request);
  }

  const std::string endpoint_ = testing::UniqueEndpoint();
  BuiltinServices builtin_;
  Server server_;
  std::shared_ptr<Channel> channel_;
};

TEST_F(BuiltinTest, TheServerAndItsServicesServeUntilToldOtherwise) {
  EXPECT_EQ(Check("")->status(), v1::SERVING_STATUS_SERVING);
  EXPECT_EQ(Check("piperpc.v1.HealthService")->status(), v1::SERVING_STATUS_SERVING);
  EXPECT_TRUE(builtin_.SetServing("piperpc.v1.HealthService", false).ok());
  EXPECT_EQ(Check("piperpc.v1.HealthService")->status(), v1::SERVING_STATUS_NOT_SERVING);
  EXPECT_EQ(Check("")->status(), v1::SERVING_STATUS_SERVING);
}

TEST_F(BuiltinTest, CheckOfAServiceThatIsNotThereIsNotFound) {
  EXPECT_EQ(Check("no.Such").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(BuiltinTest, WatchTellsEachChangeOnce) {
  auto statuses = v1::HealthClient(channel_).Watch({}, {.timeout = std::chrono::seconds(60)});
  EXPECT_EQ(statuses.Next()->status(), v1::SERVING_STATUS_SERVING);
  EXPECT_TRUE(builtin_.SetServing("", true).ok());  // No change.
  EXPECT_TRUE(builtin_.SetServing("", false).ok());
  EXPECT_EQ(statuses.Next()->status(), v1::SERVING_STATUS_NOT_SERVING);
  EXPECT_TRUE(builtin_.SetServing("", true).ok());
  EXPECT_EQ(statuses.Next()->status(), v1::SERVING_STATUS_SERVING);
}

TEST_F(BuiltinTest, WatchOfAServiceThatIsNotThereSaysSo) {
  v1::WatchRequest request;
  request.set_service("no.Such");
  auto statuses = v1::HealthClient(channel_).Watch(request, {.timeout = std::chrono::seconds(60)});
  EXPECT_EQ(statuses.Next()->status(), v1::SERVING_STATUS_SERVICE_UNKNOWN);
}

TEST_F(BuiltinTest, WatchEndsWhenTheServerBeginsItsShutdown) {
  auto statuses = v1::HealthClient(channel_).Watch({}, {.timeout = std::chrono::seconds(60)});
  EXPECT_EQ(statuses.Next()->status(), v1::SERVING_STATUS_SERVING);
  // For ever, if it did not.
  EXPECT_TRUE(server_.Shutdown(std::chrono::milliseconds::max()).clean());
  EXPECT_EQ(statuses.Next()->status(), v1::SERVING_STATUS_NOT_SERVING);
  EXPECT_FALSE(statuses.Next().has_value());
  EXPECT_EQ(statuses.status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(BuiltinTest, SetServingOfAServiceThatIsNotThereNamesThoseThatAre) {
  const absl::Status status = builtin_.SetServing("no.Such", false);
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()),
              AllOf(HasSubstr("no.Such"), HasSubstr("piperpc.v1.HealthService, piperpc.v1.Refl")));
}

TEST_F(BuiltinTest, ListServicesIsSorted) {
  const auto response = v1::ReflectionClient(channel_).ListServices({});
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(response->services(),
              ElementsAre("piperpc.v1.HealthService", "piperpc.v1.ReflectionService"));
}

TEST_F(BuiltinTest, FilesOfASymbolEndWithItsOwn) {
  const auto response = Files("piperpc.v1.ReflectionService.ListServices");
  ASSERT_TRUE(response.ok()) << response.status();
  google::protobuf::FileDescriptorProto last;
  ASSERT_TRUE(last.ParseFromString(*response->files().rbegin()));
  EXPECT_EQ(last.name(), "piperpc/v1/reflection.proto");
}

TEST_F(BuiltinTest, SymbolsThatAreLinkedInButNotServedAreNotFound) {
  EXPECT_EQ(Files("google.protobuf.FileDescriptorProto").status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Files("").status().code(), absl::StatusCode::kNotFound);
}

// Which file of its own protobuf takes for it depends on how the program was linked.
TEST_F(BuiltinTest, APackageStandsForAFileOfItsOwnOrIsNotFound) {
  const auto response = Files("piperpc.v1");
  if (absl::IsNotFound(response.status())) return;
  ASSERT_TRUE(response.ok()) << response.status();
  google::protobuf::FileDescriptorProto last;
  ASSERT_TRUE(last.ParseFromString(*response->files().rbegin()));
  EXPECT_EQ(last.package(), "piperpc.v1");
}

TEST(BuiltinServicesTest, ASecondServerIsRefusedAndTheFirstOneKept) {
  BuiltinServices builtin;
  Server first;
  Server second;
  ASSERT_TRUE(builtin.AddTo(first).ok());
  for (Server* server : {&first, &second}) {
    const absl::Status again = builtin.AddTo(*server);
    EXPECT_EQ(again.code(), absl::StatusCode::kAlreadyExists);
    EXPECT_THAT(std::string(again.message()), HasSubstr("one for each server"));
  }
  EXPECT_THAT(second.service_names(), IsEmpty());
  EXPECT_TRUE(builtin.SetServing("piperpc.v1.HealthService", false).ok());
}

TEST(BuiltinServicesTest, AServerThatHasThemAlreadyGetsNothingAndTheObjectCanBeUsedElsewhere) {
  BuiltinServices theirs;
  BuiltinServices ours;
  Server taken;
  Server free;
  ASSERT_TRUE(theirs.AddTo(taken).ok());
  EXPECT_EQ(ours.AddTo(taken).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(taken.service_names().size(), 2u);
  EXPECT_TRUE(ours.AddTo(free).ok());
}

TEST(BuiltinServicesTest, AServerThatHasBeenStartedTakesThemNoMore) {
  BuiltinServices builtin;
  Server started;
  Server other;
  ASSERT_TRUE(started.Start(testing::UniqueEndpoint()).ok());
  EXPECT_EQ(builtin.AddTo(started).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(builtin.AddTo(other).ok());
}

TEST(BuiltinServicesTest, OnlyTheServerAsAWholeIsKnownBeforeTheyAreAdded) {
  BuiltinServices builtin;
  Server server;
  EXPECT_TRUE(builtin.SetServing("", false).ok());
  EXPECT_EQ(builtin.SetServing("piperpc.v1.HealthService", false).code(),
            absl::StatusCode::kFailedPrecondition);
  ASSERT_TRUE(builtin.AddTo(server).ok());
  EXPECT_TRUE(builtin.SetServing("piperpc.v1.HealthService", false).ok());
}

}  // namespace
}  // namespace piperpc
