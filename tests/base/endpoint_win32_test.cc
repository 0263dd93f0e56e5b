// What endpoints are on Windows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "piperpc/endpoint.h"

namespace piperpc {
namespace {

using testing::HasSubstr;

void ExpectRefused(const std::string& text, const std::string& why) {
  const absl::Status status = Endpoint::Parse(text).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
  EXPECT_THAT(std::string(status.message()), HasSubstr(why));
}

TEST(EndpointWin32Test, PutsAShortNameAmongThePipesOfPiperpc) {
  EXPECT_EQ(Endpoint::Parse("demo")->address(), R"(\\.\pipe\piperpc\demo)");
}

TEST(EndpointWin32Test, TakesAPipesNameAsItIs) {
  for (const char* name : {R"(\\.\pipe\demo)", R"(\\host\pipe\some folder\demo)",
                           R"(\\.\PIPE\Demo)", "//./pipe/demo", "\\\\.\\pipe\\caf\xc3\xa9"}) {
    const auto endpoint = Endpoint::Parse(name);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    EXPECT_EQ(endpoint->address(), name);
    EXPECT_FALSE(endpoint->is_short_name());
  }
}

TEST(EndpointWin32Test, RefusesWhatIsNoPipesNameAndShowsOne) {
  for (const char* text : {"/run/user/7/demo.sock", "./demo", R"(C:\demo)", R"(\\.\demo)",
                           R"(\\host\share\demo)", R"(\\\pipe\demo)", R"(\\.\pipe\)", R"(\)"}) {
    ExpectRefused(text, R"(\\.\pipe\name or \\host\pipe\name)");
    ExpectRefused(text, text);
  }
  ExpectRefused(R"(\\.\pipe\demo\)", "must not end in a backslash");
}

TEST(EndpointWin32Test, LimitsANameToWhatAPipeTakes) {
  const std::string prefix = R"(\\.\pipe\)";
  const std::string most = prefix + std::string(256 - prefix.size(), 'x');
  EXPECT_TRUE(Endpoint::Parse(most).ok());
  ExpectRefused(most + "x", "it has 257 characters; a pipe's name has at most 256");
}

// The limit is in UTF-16, where this character takes one place and not two.
TEST(EndpointWin32Test, CountsTheCharactersOfTheSystem) {
  std::string name = R"(\\.\pipe\)";
  const std::size_t free = 256 - name.size();
  for (std::size_t i = 0; i < free; ++i) name += "\xc3\xa9";
  EXPECT_TRUE(Endpoint::Parse(name).ok());
  ExpectRefused(name + "x", "it has 257 characters");
}

}  // namespace
}  // namespace piperpc
