// What endpoints are on Linux.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "piperpc/endpoint.h"

namespace piperpc {
namespace {

// Sets a variable of the environment, or unsets it, and puts it back at the end.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    const char* before = std::getenv(name);
    had_value_ = before != nullptr;
    if (had_value_) before_ = before;
    Set(value);
  }
  ~Variable() { Set(had_value_ ? before_.c_str() : nullptr); }

 private:
  void Set(const char* value) { value != nullptr ? ::setenv(name_, value, 1) : ::unsetenv(name_); }
  const char* name_;
  bool had_value_ = false;
  std::string before_;
};

std::string AddressOf(std::string_view text) { return Endpoint::Parse(text)->address(); }

TEST(EndpointLinuxTest, PutsAShortNameIntoTheRuntimeFolder) {
  const Variable runtime("XDG_RUNTIME_DIR", "/run/user/7");
  EXPECT_EQ(AddressOf("demo"), "/run/user/7/piperpc/demo.sock");
  EXPECT_EQ(Endpoint::Parse("demo")->ToString(), "demo (/run/user/7/piperpc/demo.sock)");
}

TEST(EndpointLinuxTest, FallsBackToAFolderOfTheUserInTheTempFolder) {
  const std::string folder = "piperpc-" + std::to_string(::geteuid());
  for (const char* useless : {static_cast<const char*>(nullptr), "", "not/absolute"}) {
    const Variable runtime("XDG_RUNTIME_DIR", useless);
    const Variable none("TMPDIR", nullptr);
    EXPECT_EQ(AddressOf("demo"), "/tmp/" + folder + "/demo.sock");
    const Variable temp("TMPDIR", "/var/tmp");
    EXPECT_EQ(AddressOf("demo"), "/var/tmp/" + folder + "/demo.sock");
  }
}

TEST(EndpointLinuxTest, TakesAPathAsItIs) {
  for (const char* path : {"/run/demo/s", "./s", "odd/na me"}) {
    const auto endpoint = Endpoint::Parse(path);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    EXPECT_EQ(endpoint->address(), path);
    EXPECT_EQ(endpoint->ToString(), path);
    EXPECT_FALSE(endpoint->is_short_name());
  }
}

TEST(EndpointLinuxTest, TakesWhatBeginsWithAnAtSignForAnAbstractSocket) {
  for (const char* name : {"@demo", "@/run/demo", "@odd na.me"}) {
    const auto endpoint = Endpoint::Parse(name);
    ASSERT_TRUE(endpoint.ok()) << endpoint.status();
    EXPECT_TRUE(endpoint->is_abstract());
    EXPECT_FALSE(endpoint->is_short_name());
    EXPECT_EQ(endpoint->ToString(), name);
  }
  EXPECT_FALSE(Endpoint::Parse("./@demo")->is_abstract());
  EXPECT_FALSE(Endpoint::Parse("demo")->is_abstract());
}

TEST(EndpointLinuxTest, LimitsTheNameOfAnAbstractSocket) {
  EXPECT_TRUE(Endpoint::Parse("@" + std::string(106, 'x')).ok());
  for (const std::string& name :
       {std::string("@"), "@" + std::string(107, 'x'), std::string("@a\0b", 4)}) {
    EXPECT_EQ(Endpoint::Parse(name).status().code(), absl::StatusCode::kInvalidArgument) << name;
  }
}

TEST(EndpointLinuxTest, LimitsAPathToWhatASocketTakes) {
  EXPECT_TRUE(Endpoint::Parse("/" + std::string(106, 'x')).ok());
  const absl::Status status = Endpoint::Parse("/" + std::string(107, 'x')).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("107"));
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("108"));
}

TEST(EndpointLinuxTest, LimitsTheAddressOfAShortNameToo) {
  const Variable runtime("XDG_RUNTIME_DIR", ("/" + std::string(100, 'x')).c_str());
  EXPECT_EQ(Endpoint::Parse("demo").status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(EndpointLinuxTest, RefusesWhatCanBeNoSocket) {
  EXPECT_FALSE(Endpoint::Parse("/tmp/").ok());
  EXPECT_FALSE(Endpoint::Parse("\\\\.\\pipe\\demo").ok());
}

}  // namespace
}  // namespace piperpc
