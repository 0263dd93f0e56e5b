#include "tools/piperpc/settings.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tools/piperpc/connection.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {
namespace {

using testing::HasSubstr;
using Arguments = std::vector<std::string>;

std::optional<std::string> NoEnvironment(const char*) { return std::nullopt; }

OutcomeOr<CommandLine> Parse(const Arguments& arguments) {
  return ParseCommandLine(arguments, &NoEnvironment);
}

TEST(SettingsTest, FlagsStandAnywhere) {
  const auto line = Parse({"--endpoint", "demo", "call", "a/B", "--timeout=5s", "x=1", "--wait"});
  ASSERT_TRUE(line.ok()) << line.outcome();
  EXPECT_EQ(line->settings.endpoint, "demo");
  EXPECT_EQ(line->settings.timeout, std::chrono::milliseconds(5000));
  EXPECT_TRUE(line->settings.wait);
  EXPECT_EQ(line->command, "call");
  EXPECT_EQ(line->words, (Arguments{"a/B", "x=1"}));
}

TEST(SettingsTest, TwoDashesEndTheFlags) {
  EXPECT_EQ(Parse({"call", "--", "--wait", "-"})->words, (Arguments{"--wait", "-"}));
}

TEST(SettingsTest, TheEndpointComesFromTheEnvironmentUnlessAFlagGivesIt) {
  const Environment environment = [](const char*) { return std::optional<std::string>("env"); };
  EXPECT_EQ(ParseCommandLine({"list"}, environment)->settings.endpoint, "env");
  EXPECT_EQ(ParseCommandLine({"list", "--endpoint=flag"}, environment)->settings.endpoint, "flag");
}

TEST(SettingsTest, AnEmptyEndpointOfTheEnvironmentIsNamedAsThat) {
  const Environment environment = [](const char*) { return std::optional<std::string>(""); };
  const Outcome outcome = ParseCommandLine({"list"}, environment).outcome();
  EXPECT_EQ(outcome.exit_code(), kExitUsage);
  EXPECT_THAT(outcome.message(), HasSubstr("PIPERPC_ENDPOINT is empty"));
  EXPECT_EQ(ParseCommandLine({"list", "--endpoint=flag"}, environment)->settings.endpoint, "flag");
}

TEST(SettingsTest, MetadataAddsUp) {
  const auto line = Parse({"--metadata", "a=1", "--metadata", "b=x=y"});
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line->settings.metadata, (Metadata{{"a", "1"}, {"b", "x=y"}}));
}

TEST(SettingsTest, ANewNameIsRegisteredOnlyWhereAFlagSaysSo) {
  EXPECT_FALSE(Parse({"--user=ana", "list"})->settings.may_register);
  EXPECT_TRUE(Parse({"--user=ana", "--register", "list"})->settings.may_register);
}

TEST(SettingsTest, WhatIsWrongIsNamed) {
  const std::pair<Arguments, const char*> cases[] = {
      {{"--unknown"}, "unknown flag --unknown"},
      {{"--password=x"}, "unknown flag --password"},
      {{"--endpoint"}, "--endpoint needs a value"},
      {{"--wait=yes"}, "--wait takes no value"},
      {{"--timeout", "5"}, "such as 250ms"},
      {{"--timeout", "0s"}, "--timeout: \"0s\" is out of range: must be from 1ms to 876000h"},
      {{"--metadata", "Key"}, "--metadata: \"Key\" is not KEY=VALUE"},
      {{"--metadata", "kEy=1"}, "--metadata: the metadata key \"kEy\" has the byte 0x45"},
      {{"--metadata", "=1"}, "--metadata: the metadata key \"\" has 0 bytes"},
      {{"-x"}, "two dashes"},
      {{"--user="}, "--user: the value is empty"},
      {{"--max-message=1"}, "65536 to 2147483647"},
      {{"--timeout=9999999h"}, "at most 876000h"},
      {{"--register"}, "--register needs --user"},
      {{"--password-file", ""}, "is empty"},
      {{"--endpoint="}, "--endpoint: the value is"},
  };
  for (const auto& [arguments, text] : cases) {
    const Outcome status = Parse(arguments).outcome();
    EXPECT_EQ(status.exit_code(), kExitUsage) << text;
    EXPECT_THAT(status.message(), HasSubstr(text));
  }
}

TEST(SettingsTest, WhatOnlyTheLibraryCanTellIsAUsageErrorToo) {
  for (const char* flag : {"--backend=bogus", "--endpoint=a b"}) {
    const auto line = Parse({flag});
    ASSERT_TRUE(line.ok()) << line.outcome();
    EXPECT_EQ(CheckSettings(line->settings).exit_code(), kExitUsage) << flag;
  }
  EXPECT_TRUE(CheckSettings(Settings()).ok());
}

}  // namespace
}  // namespace piperpc::cli
