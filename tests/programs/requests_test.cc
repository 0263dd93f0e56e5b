#include "tools/piperpc/requests.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sample.pb.h"
#include "tools/piperpc/failure.h"

namespace piperpc::cli {
namespace {

using sample::v1::Everything;
using testing::HasSubstr;

absl::StatusOr<RequestPlan> Plan(const std::vector<std::string>& words, MethodShape shape) {
  return PlanRequests(words, shape, [] { return std::make_unique<Everything>(); });
}

std::vector<std::string> TextsOf(const absl::StatusOr<RequestPlan>& plan) {
  EXPECT_TRUE(plan.ok()) << plan.status();
  std::vector<std::string> texts;
  if (!plan.ok()) return texts;
  for (const MessagePtr& message : plan->messages) {
    texts.push_back(static_cast<const Everything&>(*message).text());
  }
  return texts;
}

using Texts = std::vector<std::string>;

std::string WriteFile(const std::string& name, const std::string& content) {
  const std::string path = testing::TempDir() + "piperpc_" + std::to_string(::getpid()) + name;
  std::ofstream(path) << content;
  return path;
}

TEST(RequestsTest, NoWordsAreTheEmptyMessage) {
  EXPECT_EQ(TextsOf(Plan({}, MethodShape::kUnary)), Texts{""});
  EXPECT_EQ(TextsOf(Plan({}, MethodShape::kServerStreaming)), Texts{""});
}

TEST(RequestsTest, NoWordsAreStandardInputForStreams) {
  EXPECT_TRUE(Plan({}, MethodShape::kClientStreaming)->from_input);
  EXPECT_TRUE(Plan({}, MethodShape::kBidirectional)->from_input);
}

TEST(RequestsTest, ADashIsStandardInputAndStandsAlone) {
  EXPECT_TRUE(Plan({"-"}, MethodShape::kUnary)->from_input);
  EXPECT_EQ(ExitCodeOf(Plan({"-", "text=a"}, MethodShape::kUnary).status()), kExitUsage);
}

TEST(RequestsTest, JsonAndAssignmentsMakeMessages) {
  EXPECT_EQ(TextsOf(Plan({R"({"text": "a"})"}, MethodShape::kUnary)), Texts{"a"});
  EXPECT_EQ(TextsOf(Plan({"small=1", "text=b"}, MethodShape::kUnary)), Texts{"b"});
  EXPECT_EQ(TextsOf(Plan({R"({"text":"a"})", "text=b", "small=1", R"({"text":"c"})"},
                         MethodShape::kClientStreaming)),
            (Texts{"a", "b", "c"}));
}

TEST(RequestsTest, AMethodThatTakesOneRequestIsGivenOne) {
  const absl::Status status =
      Plan({R"({"text":"a"})", R"({"text":"b"})"}, MethodShape::kUnary).status();
  EXPECT_THAT(std::string(status.message()), HasSubstr("takes one request, 2 were given"));
}

TEST(RequestsTest, FilesAreJsonOrJsonLines) {
  const std::string one = WriteFile("one.json", "{\n \"text\": \"a\"\n}\n");
  const std::string many = WriteFile("many.json", "{\"text\":\"a\"}\n\n{\"text\":\"b\"}");
  EXPECT_EQ(TextsOf(Plan({"@" + one}, MethodShape::kUnary)), Texts{"a"});
  EXPECT_EQ(TextsOf(Plan({"@" + many}, MethodShape::kBidirectional)), (Texts{"a", "b"}));
  std::remove(one.c_str());
  std::remove(many.c_str());
}

TEST(RequestsTest, AFileThatIsNotThereIsNamed) {
  const absl::Status status = Plan({"@/nowhere/x.json"}, MethodShape::kUnary).status();
  EXPECT_EQ(ExitCodeOf(status), kExitIo);
  EXPECT_THAT(std::string(status.message()), HasSubstr("/nowhere/x.json: No such file"));
}

TEST(RequestsTest, MalformedWordsAreUsageErrors) {
  for (const char* word : {"{\"text\":", "{\"unknown\":1}", "{\"small\":\"x\"}", "word"}) {
    EXPECT_EQ(ExitCodeOf(Plan({word}, MethodShape::kUnary).status()), kExitUsage) << word;
  }
}

}  // namespace
}  // namespace piperpc::cli
