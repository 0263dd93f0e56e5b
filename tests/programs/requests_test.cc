#include "tools/piperpc/requests.h"

#include <fstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "sample.pb.h"
#include "support/scratch_folder.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/files.h"

namespace piperpc::cli {
namespace {

using sample::v1::Everything;
using ::testing::HasSubstr;
using testing::ScratchFolder;

OutcomeOr<RequestPlan> Plan(const std::vector<std::string>& words, MethodShape shape) {
  return PlanRequests(words, shape, [] { return std::make_unique<Everything>(); });
}

std::vector<std::string> TextsOf(const OutcomeOr<RequestPlan>& plan) {
  EXPECT_TRUE(plan.ok()) << plan.outcome();
  std::vector<std::string> texts;
  if (!plan.ok()) return texts;
  for (const MessagePtr& message : plan->messages) {
    texts.push_back(static_cast<const Everything&>(*message).text());
  }
  return texts;
}

using Texts = std::vector<std::string>;

void Write(const std::string& path, const std::string& content) {
  std::ofstream(std::filesystem::path(std::u8string(path.begin(), path.end()))) << content;
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
  EXPECT_EQ(Plan({"-", "text=a"}, MethodShape::kUnary).outcome().exit_code(), kExitUsage);
}

TEST(RequestsTest, JsonAndAssignmentsMakeMessages) {
  EXPECT_EQ(TextsOf(Plan({R"({"text": "a"})"}, MethodShape::kUnary)), Texts{"a"});
  EXPECT_EQ(TextsOf(Plan({"small=1", "text=b"}, MethodShape::kUnary)), Texts{"b"});
  EXPECT_EQ(TextsOf(Plan({R"({"text":"a"})", "text=b", "small=1", R"({"text":"c"})"},
                         MethodShape::kClientStreaming)),
            (Texts{"a", "b", "c"}));
}

TEST(RequestsTest, AMethodThatTakesOneRequestIsGivenOne) {
  const Outcome status =
      Plan({R"({"text":"a"})", R"({"text":"b"})"}, MethodShape::kUnary).outcome();
  EXPECT_THAT(status.message(), HasSubstr("takes one request, 2 were given"));
}

TEST(RequestsTest, FilesAreJsonOrJsonLines) {
  const ScratchFolder folder;
  const std::string one = folder.File("um só.json");
  const std::string many = folder.File("many.json");
  Write(one, "{\n \"text\": \"a\"\n}\n");
  Write(many, "{\"text\":\"a\"}\n\n{\"text\":\"b\"}");
  EXPECT_EQ(TextsOf(Plan({"@" + one}, MethodShape::kUnary)), Texts{"a"});
  EXPECT_EQ(TextsOf(Plan({"@" + many}, MethodShape::kBidirectional)), (Texts{"a", "b"}));
}

TEST(RequestsTest, AFileThatIsNotThereIsNamed) {
  const Outcome status = Plan({"@/nowhere/x.json"}, MethodShape::kUnary).outcome();
  EXPECT_EQ(status.exit_code(), kExitIo);
  EXPECT_THAT(status.message(), HasSubstr("/nowhere/x.json: No such file"));
}

TEST(RequestsTest, AFolderIsNoFile) {
  const ScratchFolder folder;
  const Outcome status = Plan({"@" + folder.File("")}, MethodShape::kUnary).outcome();
  EXPECT_EQ(status.exit_code(), kExitIo);
  EXPECT_THAT(status.Describe(), HasSubstr("it is a folder"));
}

TEST(RequestsTest, JsonThatIsNoUtf8IsRefused) {
  const Outcome status = Plan({"{\"text\":\"\xff\"}"}, MethodShape::kUnary).outcome();
  EXPECT_EQ(status.exit_code(), kExitUsage);
  EXPECT_THAT(status.message(), HasSubstr("not valid UTF-8"));
}

TEST(RequestsTest, TheFileOfAMalformedRequestIsNamed) {
  const ScratchFolder folder;
  Write(folder.File("bad.json"), "{");
  EXPECT_THAT(Plan({"@" + folder.File("bad.json")}, MethodShape::kUnary).outcome().message(),
              HasSubstr("bad.json: the JSON"));
}

TEST(ReadFileTest, AFileIsReadUpToTheLimitAndNotBeyond) {
  const ScratchFolder folder;
  const std::string path = folder.File("text");
  Write(path, "12345");
  EXPECT_EQ(*ReadFile(path, 5, {}), "12345");
  const Outcome status = ReadFile(path, 4, {}).outcome();
  EXPECT_EQ(status.exit_code(), kExitIo);
  EXPECT_THAT(status.message(), HasSubstr("more than 4 bytes"));
}

TEST(RequestsTest, MalformedWordsAreUsageErrors) {
  for (const char* word : {"{\"text\":", "{\"unknown\":1}", "{\"small\":\"x\"}", "word"}) {
    EXPECT_EQ(Plan({word}, MethodShape::kUnary).outcome().exit_code(), kExitUsage) << word;
  }
}

}  // namespace
}  // namespace piperpc::cli
