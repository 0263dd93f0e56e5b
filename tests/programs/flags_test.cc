#include "tools/shared/flags.h"

#include "gtest/gtest.h"

namespace piperpc::tools {
namespace {

using std::chrono::milliseconds;

TEST(FlagsTest, DurationsHaveAUnit) {
  EXPECT_EQ(*ParseDuration("250ms"), milliseconds(250));
  EXPECT_EQ(*ParseDuration("5s"), milliseconds(5000));
  EXPECT_EQ(*ParseDuration("2m"), milliseconds(120'000));
  EXPECT_EQ(*ParseDuration("1h"), milliseconds(3'600'000));
  for (const char* text :
       {"", "5", "s", "-1s", "1.5s", "5 s", "99999999999999999h", "900000000h"}) {
    EXPECT_FALSE(ParseDuration(text).ok()) << text;
  }
}

TEST(FlagsTest, SizesMayHaveAUnit) {
  EXPECT_EQ(*ParseSize("65536"), 65536u);
  EXPECT_EQ(*ParseSize("64KiB"), 65536u);
  EXPECT_EQ(*ParseSize("2GiB"), 2ull << 30);
  for (const char* text : {"", "1KB", "-1", "9999999999GiB"}) {
    EXPECT_FALSE(ParseSize(text).ok()) << text;
  }
}

TEST(FlagsTest, NumbersHaveARange) {
  EXPECT_EQ(*ParseNumber("64", 1, 64), 64u);
  for (const char* text : {"0", "65", "", "6x", "-1"}) {
    EXPECT_FALSE(ParseNumber(text, 1, 64).ok()) << text;
  }
}

TEST(FlagsTest, HelpHasALineForEachFlag) {
  FlagSet flags;
  bool on = false;
  flags.Add("name", "TEXT", "the name", [](std::string_view) { return absl::OkStatus(); });
  flags.AddSwitch("on", "switched on", &on);
  EXPECT_EQ(flags.Help(), "  --name TEXT  the name\n  --on         switched on\n");
}

}  // namespace
}  // namespace piperpc::tools
