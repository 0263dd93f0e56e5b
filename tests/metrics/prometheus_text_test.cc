#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "absl/strings/str_split.h"
#include "piperpc/metrics.h"
#include "support/scratch_folder.h"

namespace piperpc::testing {
namespace {

using std::chrono::microseconds;
using ::testing::HasSubstr;
using ::testing::Not;

MetricsSnapshot Sample() {
  MethodMetrics echo;
  echo.method = "t.v1.Test/Echo";
  echo.started = 4;
  echo.ended[0] = 2;
  echo.ended[5] = 1;
  echo.latency.counts[1] = 2;
  echo.latency.counts[LatencyHistogram::kBounds] = 1;
  echo.latency.sum = std::chrono::milliseconds(40'050);
  echo.messages_received = 4;
  echo.bytes_received = 400;
  MetricsSnapshot snapshot;
  snapshot.server.push_back(echo);
  snapshot.connections_opened = 3;
  snapshot.connections_closed[0] = 1;
  snapshot.connections_refused[8] = 7;
  snapshot.request_memory = {.used = 5, .limit = 50};
  return snapshot;
}

TEST(PrometheusTextTest, HasEachNumberWithItsLabels) {
  const std::string text = PrometheusText(Sample());
  for (const char* const line : {
           "piperpc_server_started_total{method=\"t.v1.Test/Echo\"} 4\n",
           "piperpc_server_in_flight{method=\"t.v1.Test/Echo\"} 1\n",
           "piperpc_server_ended_total{method=\"t.v1.Test/Echo\",code=\"OK\"} 2\n",
           "piperpc_server_ended_total{method=\"t.v1.Test/Echo\",code=\"NOT_FOUND\"} 1\n",
           "piperpc_server_received_bytes_total{method=\"t.v1.Test/Echo\"} 400\n",
           "piperpc_server_connections 2\n",
           "piperpc_server_connections_refused_total{code=\"RESOURCE_EXHAUSTED\"} 7\n",
           "piperpc_server_request_memory_bytes 5\n",
           "piperpc_server_request_memory_limit_bytes 50\n",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(PrometheusTextTest, HistogramsAddUpToTheirCount) {
  const std::string text = PrometheusText(Sample());
  const std::string name = "piperpc_server_latency_seconds";
  EXPECT_THAT(text, HasSubstr(name + "_bucket{method=\"t.v1.Test/Echo\",le=\"1.6e-05\"} 0\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{method=\"t.v1.Test/Echo\",le=\"3.2e-05\"} 2\n"));
  EXPECT_THAT(text, HasSubstr(name + "_bucket{method=\"t.v1.Test/Echo\",le=\"+Inf\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(name + "_sum{method=\"t.v1.Test/Echo\"} 40.05\n"));
  EXPECT_THAT(text, HasSubstr(name + "_count{method=\"t.v1.Test/Echo\"} 3\n"));
}

TEST(PrometheusTextTest, ALargeSumHasAllItsDigits) {
  const auto sum_of = [](microseconds sum) {
    MetricsSnapshot snapshot;
    snapshot.client.emplace_back().latency.sum = sum;
    const std::string text = PrometheusText(snapshot);
    const std::string name = "piperpc_client_latency_seconds_sum{method=\"\"} ";
    const std::size_t value = text.find(name) + name.size();
    return text.substr(value, text.find('\n', value) - value);
  };
  EXPECT_EQ(sum_of(microseconds(12'345'678'000'001)), "12345678.000001");
  EXPECT_EQ(sum_of(microseconds(100'000'000)), "100");
  EXPECT_EQ(sum_of(microseconds(0)), "0");
}

// Each line is a comment or "name{labels} number", each metric has its head once, before its
// values.
TEST(PrometheusTextTest, IsOfTheFormatsGrammar) {
  MetricsSnapshot snapshot = Sample();
  snapshot.client = snapshot.server;
  const std::regex head(R"re(# (HELP [a-z_]+ .+|TYPE [a-z_]+ (counter|gauge|histogram)))re");
  const std::regex value(R"re(([a-z_]+)(\{([a-z]+="([^"\\]|\\["n\\])*",?)+\})? [0-9.e+-]+)re");
  std::string metric;
  const std::string text = PrometheusText(snapshot);
  ASSERT_TRUE(text.ends_with('\n'));
  for (const std::string& line :
       std::vector<std::string>(absl::StrSplit(text.substr(0, text.size() - 1), '\n'))) {
    std::smatch parts;
    if (line.starts_with("# TYPE ")) {
      const std::string next = line.substr(7, line.find(' ', 7) - 7);
      EXPECT_NE(next, metric);
      metric = next;
    }
    if (line.starts_with('#')) {
      EXPECT_TRUE(std::regex_match(line, head)) << line;
    } else {
      ASSERT_TRUE(std::regex_match(line, parts, value)) << line;
      EXPECT_TRUE(parts[1].str().starts_with(metric)) << line;
    }
  }
}

TEST(PrometheusTextTest, NamesCannotBreakTheFormat) {
  MetricsSnapshot snapshot;
  snapshot.client.emplace_back().method = "a\"b\\c\nd";
  EXPECT_THAT(PrometheusText(snapshot), HasSubstr(R"re({method="a\"b\\c\nd"} 0)re"));
}

TEST(PrometheusTextTest, WhereThereIsNothingThereIsNoText) {
  EXPECT_EQ(PrometheusText(MetricsSnapshot()), "");
  EXPECT_EQ(PrometheusText(Metrics().Read()), "");
}

TEST(PrometheusTextTest, AClientHasNothingOfAServer) {
  MetricsSnapshot snapshot;
  snapshot.client.emplace_back().method = "t.T/M";
  EXPECT_THAT(PrometheusText(snapshot), Not(HasSubstr("piperpc_server")));
}

std::string ContentOf(const std::string& file) {
  std::ifstream in(std::filesystem::path(std::u8string(file.begin(), file.end())));
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(PrometheusFileTest, IsReplacedWithAllOfTheText) {
  const ScratchFolder folder;
  const std::string file = folder.File("p\u00fcpe metrics.prom");
  ASSERT_TRUE(WritePrometheusFile(file, MetricsSnapshot()).ok());
  EXPECT_EQ(ContentOf(file), "");
  ASSERT_TRUE(WritePrometheusFile(file, Sample()).ok());
  EXPECT_EQ(ContentOf(file), PrometheusText(Sample()));
  std::size_t files = 0;
  for (const auto& each : std::filesystem::directory_iterator(folder.path())) {
    static_cast<void>(each);
    ++files;
  }
  EXPECT_EQ(files, 1u);
}

TEST(PrometheusFileTest, WhatCannotBeWrittenIsNamed) {
  const ScratchFolder folder;
  const std::string file = folder.File("nowhere/m.prom");
  const absl::Status status = WritePrometheusFile(file, Sample());
  EXPECT_TRUE(absl::IsNotFound(status)) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("nowhere/m.prom"));
  EXPECT_TRUE(absl::IsInvalidArgument(WritePrometheusFile("", Sample())));
}

// What is in the way is no file.
TEST(PrometheusFileTest, NothingIsLeftOfAFileThatCouldNotBePutInItsPlace) {
  const ScratchFolder folder;
  std::filesystem::create_directory(folder.path() / "m.prom");
  EXPECT_FALSE(WritePrometheusFile(folder.File("m.prom"), Sample()).ok());
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "m.prom.new"));
}

}  // namespace
}  // namespace piperpc::testing
