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

OutcomeOr<RequestPlan> Plan(const std::vector<std::string>& words, MethodType type) {
  return PlanRequests(words, type, [] { return std::make_unique<Everything>(); });
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
  EXPECT_EQ(TextsOf(Plan({}, MethodType::kUnary)), Texts{""});
  EXPECT_EQ(TextsOf(Plan({}, MethodType::kServerStreaming)), Texts{""});
}

TEST(RequestsTest, NoWordsAreStandardInputForStreams) {
  EXPECT_TRUE(Plan({}, MethodType::kClientStreaming)->from_input);
  EXPECT_TRUE(Plan({}, MethodType::kBidirectional)->from_input);
}

TEST(RequestsTest, ADashIsStandardInputAndStandsAlone) {
  EXPECT_TRUE(Plan({"-"}, MethodType::kUnary)->from_input);
  EXPECT_EQ(Plan({"-", "text=a"}, MethodType::kUnary).outcome().exit_code(), kExitUsage);
}

TEST(RequestsTest, JsonAndAssignmentsMakeMessages) {
  EXPECT_EQ(TextsOf(Plan({R"({"text": "a"})"}, MethodType::kUnary)), Texts{"a"});
  EXPECT_EQ(TextsOf(Plan({"small=1", "text=b"}, MethodType::kUnary)), Texts{"b"});
  EXPECT_EQ(TextsOf(Plan({R"({"text":"a"})", "text=b", "small=1", R"({"text":"c"})"},
                         MethodType::kClientStreaming)),
            (Texts{"a", "b", "c"}));
}

TEST(RequestsTest, AMethodThatTakesOneRequestIsGivenOne) {
  const Outcome status = Plan({R"({"text":"a"})", R"({"text":"b"})"}, MethodType::kUnary).outcome();
  EXPECT_THAT(status.message(), HasSubstr("takes one request; 2 were given"));
}

TEST(RequestsTest, WhoGivesAFieldTwiceLearnsHowToGiveSeveralRequestsWhereThereMayBeSome) {
  const std::vector<std::string> words = {"text=a", "text=b"};
  EXPECT_THAT(Plan(words, MethodType::kUnary).outcome().message(), HasSubstr("leave one out"));
  EXPECT_THAT(Plan(words, MethodType::kClientStreaming).outcome().message(),
              HasSubstr("for several requests give each as JSON"));
}

TEST(RequestsTest, FilesAreJsonOrJsonLines) {
  const ScratchFolder folder;
  const std::string one = folder.File("um só.json");
  const std::string many = folder.File("many.json");
  Write(one, "{\n \"text\": \"a\"\n}\n");
  Write(many, "{\"text\":\"a\"}\n\n{\"text\":\"b\"}");
  EXPECT_EQ(TextsOf(Plan({"@" + one}, MethodType::kUnary)), Texts{"a"});
  EXPECT_EQ(TextsOf(Plan({"@" + many}, MethodType::kBidirectional)), (Texts{"a", "b"}));
}

TEST(RequestsTest, AFileThatIsNotThereIsNamed) {
  const Outcome status = Plan({"@/nowhere/x.json"}, MethodType::kUnary).outcome();
  EXPECT_EQ(status.exit_code(), kExitIo);
  EXPECT_THAT(status.message(), HasSubstr("/nowhere/x.json: No such file"));
}

TEST(RequestsTest, AFolderIsNoFile) {
  const ScratchFolder folder;
  const Outcome status = Plan({"@" + folder.File("")}, MethodType::kUnary).outcome();
  EXPECT_EQ(status.exit_code(), kExitIo);
  EXPECT_THAT(status.Describe(), HasSubstr("it is a folder"));
}

TEST(RequestsTest, JsonThatIsNoUtf8IsRefused) {
  const Outcome status = Plan({"{\"text\":\"\xff\"}"}, MethodType::kUnary).outcome();
  EXPECT_EQ(status.exit_code(), kExitUsage);
  EXPECT_THAT(status.message(), HasSubstr("not valid UTF-8"));
}

TEST(RequestsTest, TheFileOfAMalformedRequestIsNamed) {
  const ScratchFolder folder;
  Write(folder.File("bad.json"), "{");
  EXPECT_THAT(Plan({"@" + folder.File("bad.json")}, MethodType::kUnary).outcome().message(),
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

// A word of JSON whose field "anything" is so many objects, one inside the other. Each but the
// first is three levels of messages.
std::string Objects(int count) {
  std::string json = "{}";
  for (int i = 1; i < count; ++i) json = "{\"a\":" + json + "}";
  return "{\"anything\":" + json + "}";
}

// An assignment so many levels of messages deep.
std::string Inside(int levels, const std::string& assignment) {
  std::string path;
  for (int i = 0; i < levels; ++i) path += "inner.";
  return path + assignment;
}

std::string Refused(const std::vector<std::string>& words) {
  const Outcome outcome = Plan(words, MethodType::kUnary).outcome();
  EXPECT_EQ(outcome.exit_code(), kExitUsage) << outcome;
  return outcome.message();
}

TEST(RequestsTest, ARequestMayNestAsDeepAsServersRead) {
  EXPECT_TRUE(Plan({Objects(33)}, MethodType::kUnary).ok());
  EXPECT_TRUE(Plan({Inside(100, "text=x")}, MethodType::kUnary).ok());
}

TEST(RequestsTest, ARequestThatNestsDeeperIsNotSent) {
  const std::string limit = "; a server can read at most 100";
  EXPECT_THAT(Refused({Objects(34)}), HasSubstr("nests 101 levels of messages" + limit));
  EXPECT_THAT(Refused({Objects(99)}), HasSubstr("nests 296 levels of messages" + limit));
  const std::string four_levels = R"(anything={"a":1})";  // Value, Struct, entry, Value.
  EXPECT_TRUE(Plan({Inside(96, four_levels)}, MethodType::kUnary).ok());
  EXPECT_THAT(Refused({Inside(97, four_levels)}),
              HasSubstr("nests 101 levels of messages" + limit));
  EXPECT_THAT(Refused({Inside(101, "text=x")}), HasSubstr("more than 100 levels of messages deep"));
}

TEST(RequestsTest, JsonThatNestsDeeperThanItIsReadIsRefusedWithTheLimit) {
  EXPECT_THAT(Refused({Objects(200)}),
              HasSubstr("nests 201 levels of objects and arrays; the limit is 100"));
  EXPECT_THAT(Refused({R"({"text":"}}\"]]","anything":)" + std::string(100, '[') +
                       std::string(100, ']') + "}"}),
              HasSubstr("nests 101 levels"));
}

TEST(RequestsTest, APathOfAbsurdDepthIsRefusedWithTheLimit) {
  EXPECT_THAT(Refused({Inside(50'000, "text=x")}),
              HasSubstr("more than 100 levels of messages deep"));
}

TEST(RequestsTest, MalformedWordsAreUsageErrors) {
  for (const char* word : {"{\"text\":", "{\"unknown\":1}", "{\"small\":\"x\"}", "word"}) {
    EXPECT_EQ(Plan({word}, MethodType::kUnary).outcome().exit_code(), kExitUsage) << word;
  }
}

}  // namespace
}  // namespace piperpc::cli
