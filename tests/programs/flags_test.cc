#include "tools/shared/flags.h"

#include "gtest/gtest.h"

namespace piperpc::tools {
namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t kMost = INT64_MAX;

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
  EXPECT_EQ(*ParseSize("65536", 0, kMost), 65536u);
  EXPECT_EQ(*ParseSize("64KiB", 0, kMost), 65536u);
  EXPECT_EQ(*ParseSize("2GiB", 0, kMost), 2ull << 30);
  for (const char* text : {"", "1KB", "-1", "9999999999GiB"}) {
    EXPECT_FALSE(ParseSize(text, 0, kMost).ok()) << text;
  }
}

TEST(FlagsTest, SizesHaveARange) {
  EXPECT_TRUE(ParseSize("4KiB", 4096, 8192).ok());
  EXPECT_TRUE(ParseSize("8KiB", 4096, 8192).ok());
  for (const char* text : {"0", "4095", "8193", "1GiB"}) {
    EXPECT_EQ(ParseSize(text, 4096, 8192).status().message(),
              "\"" + std::string(text) + "\" is out of range: must be from 4096 to 8192 bytes");
  }
}

TEST(FlagsTest, AnEmptyTextIsRefused) {
  std::string text = "as it was";
  EXPECT_FALSE(SetText(text).set("").ok());
  EXPECT_EQ(text, "as it was");
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
  flags.Add("name", "TEXT", "the name", {[](std::string_view) { return absl::OkStatus(); }});
  flags.AddSwitch("on", "switched on", &on);
  EXPECT_EQ(flags.Help(), "  --name TEXT  the name (default none)\n  --on         switched on\n");
}

std::string HelpOf(const FlagValue& value) {
  FlagSet flags;
  flags.Add("x", "X", "help", value);
  return flags.Help();
}

TEST(FlagsTest, HelpSaysWhatHoldsWithoutAFlagAndTheRangeOfNumbers) {
  std::string text = "here";
  milliseconds duration(90'000);
  std::size_t size = 4096;
  EXPECT_EQ(HelpOf(SetText(text)), "  --x X  help (default here)\n");
  EXPECT_EQ(HelpOf(SetDuration(duration)), "  --x X  help (default 90s; 0ms to 876000h)\n");
  EXPECT_EQ(HelpOf(SetSize(size, 1, 2 << 20)), "  --x X  help (default 4KiB; 1 to 2MiB)\n");
  EXPECT_EQ(HelpOf(SetNumber(size, 1, 1 << 20)), "  --x X  help (default 4096; 1 to 1048576)\n");
}

}  // namespace
}  // namespace piperpc::tools
