// What an endpoint may be called, on every system.
#include "piperpc/endpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace piperpc {
namespace {

TEST(EndpointTest, TakesAShortName) {
  for (const char* name : {"demo", "a", "Demo-2_x.y", "0"}) {
    const auto endpoint = Endpoint::Parse(name);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    EXPECT_EQ(endpoint->text(), name);
    EXPECT_TRUE(endpoint->is_short_name());
    EXPECT_THAT(endpoint->address(), testing::HasSubstr(name));
    EXPECT_NE(endpoint->address(), name);
  }
}

TEST(EndpointTest, RefusesWhatIsNoName) {
  for (const char* name : {"", ".hidden", "..", "two words", "a:b", "caf\xc3\xa9", "tab\t"}) {
    const absl::Status status = Endpoint::Parse(name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

TEST(EndpointTest, TakesNoSchemeForAPartOfAPath) {
  for (const char* text : {"unix:/tmp/x", "unix:///tmp/x", "tcp://1.2.3.4", "http://host/x"}) {
    const absl::Status status = Endpoint::Parse(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_THAT(std::string(status.message()), testing::HasSubstr("a short name or a path"));
  }
}

TEST(EndpointTest, WithinTheProcessIsAnyName) {
  for (const char* name : {"demo", "my server", ".x", "a/b"}) {
    const auto endpoint = Endpoint::InProcess(name);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    EXPECT_EQ(endpoint->ToString(), name);
  }
  EXPECT_EQ(Endpoint::InProcess("").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(EndpointTest, LimitsAShortNameAndSaysSo) {
  EXPECT_TRUE(Endpoint::Parse(std::string(64, 'x')).ok());
  const absl::Status status = Endpoint::Parse(std::string(65, 'x')).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("64"));
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("65"));
}

TEST(EndpointTest, RefusesANulByte) {
  EXPECT_FALSE(Endpoint::Parse(std::string("a\0b", 3)).ok());
  EXPECT_FALSE(Endpoint::Parse(std::string("/tmp/a\0b", 8)).ok());
}

}  // namespace
}  // namespace piperpc
