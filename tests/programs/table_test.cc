#include "tools/piperpc/table.h"

#include <gtest/gtest.h>

namespace piperpc::cli {
namespace {

using std::chrono::microseconds;

TEST(TableTest, ColumnsAreAsWideAsTheirWidestCell) {
  Table table({"NAME", "N"});
  table.Add({"a longer name", "1"});
  table.Add({"b", "20"});
  EXPECT_EQ(table.Text(),
            "NAME           N\n"
            "a longer name  1\n"
            "b              20");
}

TEST(TableTest, AHeadAloneIsATable) { EXPECT_EQ(Table({"A", "B"}).Text(), "A  B"); }

TEST(TableTest, WhatAServerSaysIsShownWithinLimits) {
  Table table({"NAME", "N"});
  table.Add({"root\t1\nroot", std::string(1 << 20, 'x')});
  for (int i = 0; i < 1'000'000; ++i) table.Add({"a", "b"});
  const std::string text = table.Text();
  EXPECT_LT(text.size(), 200'000u);
  EXPECT_NE(text.find("root\\t1\\nroot"), text.npos);
  EXPECT_NE(text.find("... (1048576 bytes)"), text.npos);
  EXPECT_TRUE(text.ends_with("... and 999001 more"));
}

TEST(TableTest, SizesAreShort) {
  EXPECT_EQ(BytesText(0), "0 B");
  EXPECT_EQ(BytesText(1023), "1023 B");
  EXPECT_EQ(BytesText(1024), "1.0 KiB");
  EXPECT_EQ(BytesText(1536), "1.5 KiB");
  EXPECT_EQ(BytesText(10 * 1024), "10 KiB");
  EXPECT_EQ(BytesText(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(BytesText(256ull << 20), "256 MiB");
  EXPECT_EQ(BytesText(~0ull), "16 EiB");
}

TEST(TableTest, TimesAreShort) {
  EXPECT_EQ(TimeText(microseconds(0)), "0us");
  EXPECT_EQ(TimeText(microseconds(999)), "999us");
  EXPECT_EQ(TimeText(microseconds(1000)), "1.0ms");
  EXPECT_EQ(TimeText(microseconds(999'999)), "1.0s");
  EXPECT_EQ(TimeText(std::chrono::seconds(59)), "59s");
  EXPECT_EQ(TimeText(std::chrono::seconds(60)), "1m");
  EXPECT_EQ(TimeText(std::chrono::minutes(59)), "59m");
  EXPECT_EQ(TimeText(std::chrono::minutes(60)), "1h");
  EXPECT_EQ(TimeText(std::chrono::hours(23)), "23h");
  EXPECT_EQ(TimeText(std::chrono::hours(36)), "2d");
}

}  // namespace
}  // namespace piperpc::cli
