#include "piperpc/builtin.h"

#include <chrono>
#include <string>

#include "gmock/gmock.h"
#include "google/protobuf/descriptor.pb.h"
#include "gtest/gtest.h"
#include "piperpc/channel.h"
#include "piperpc/server.h"
#include "piperpc/v1/health.piperpc.h"
#include "piperpc/v1/reflection.piperpc.h"
#include "support/endpoints.h"

namespace piperpc {
namespace {

using ::testing::ElementsAre;

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
  builtin_.SetServing("piperpc.v1.HealthService", false);
  EXPECT_EQ(Check("piperpc.v1.HealthService")->status(), v1::SERVING_STATUS_NOT_SERVING);
  EXPECT_EQ(Check("")->status(), v1::SERVING_STATUS_SERVING);
}

TEST_F(BuiltinTest, CheckOfAServiceThatIsNotThereIsNotFound) {
  EXPECT_EQ(Check("no.Such").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(BuiltinTest, WatchTellsEachChangeOnce) {
  auto statuses = v1::HealthClient(channel_).Watch({}, {.timeout = std::chrono::seconds(60)});
  EXPECT_EQ(statuses.Next()->status(), v1::SERVING_STATUS_SERVING);
  builtin_.SetServing("", true);  // No change.
  builtin_.SetServing("", false);
  EXPECT_EQ(statuses.Next()->status(), v1::SERVING_STATUS_NOT_SERVING);
  builtin_.SetServing("", true);
  EXPECT_EQ(statuses.Next()->status(), v1::SERVING_STATUS_SERVING);
}

TEST_F(BuiltinTest, WatchOfAServiceThatIsNotThereSaysSo) {
  v1::WatchRequest request;
  request.set_service("no.Such");
  auto statuses = v1::HealthClient(channel_).Watch(request, {.timeout = std::chrono::seconds(60)});
  EXPECT_EQ(statuses.Next()->status(), v1::SERVING_STATUS_SERVICE_UNKNOWN);
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

}  // namespace
}  // namespace piperpc
