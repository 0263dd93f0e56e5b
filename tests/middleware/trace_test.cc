// What travels as metadata, by the examples and rules of https://www.w3.org/TR/trace-context/.
#include "piperpc/trace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace piperpc::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

constexpr char kValid[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(FindTrace, ReadsWhatACallerHasSent) {
  const auto trace = FindTrace({{"traceparent", kValid}, {"tracestate", "rojo=1,congo=2"}});
  ASSERT_TRUE(trace.has_value());
  EXPECT_EQ(ToHex(trace->trace), "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(ToHex(trace->span), "b7ad6b7169203331");
  EXPECT_TRUE(trace->sampled);
  EXPECT_EQ(trace->state, "rojo=1,congo=2");
}

TEST(FindTrace, KnowsOneFlagOnly) {
  std::string parent = kValid;
  for (const auto& [flags, sampled] : {std::pair{"00", false}, {"01", true}, {"fe", false}}) {
    parent.replace(53, 2, flags);
    const auto trace = FindTrace({{"traceparent", parent}});
    ASSERT_TRUE(trace.has_value()) << flags;
    EXPECT_EQ(trace->sampled, sampled) << flags;
  }
}

TEST(FindTrace, TakesOfALaterVersionWhatItKnows) {
  const std::string later = "cc" + std::string(kValid).substr(2);
  EXPECT_TRUE(FindTrace({{"traceparent", later}}).has_value());
  EXPECT_TRUE(FindTrace({{"traceparent", later + "-what-the-future"}}).has_value());
  EXPECT_FALSE(FindTrace({{"traceparent", later + ".what"}}).has_value());
}

TEST(FindTrace, TakesNothingThatIsNotValid) {
  for (const char* parent : {
           "",
           "00",
           "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-00000000000000000000000000000000-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
           "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0g",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-011",
           "00_0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
           "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331_01",
           "0-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-",
       }) {
    EXPECT_FALSE(FindTrace({{"traceparent", parent}}).has_value()) << parent;
  }
  EXPECT_FALSE(FindTrace({}).has_value());
  EXPECT_FALSE(FindTrace({{"traceparent", kValid}, {"traceparent", kValid}}).has_value());
}

TEST(FindTrace, JoinsStatesAndDropsWhatIsNoText) {
  const auto state = [](Metadata metadata) {
    metadata.emplace_back("traceparent", kValid);
    return FindTrace(metadata)->state;
  };
  EXPECT_EQ(state({{"tracestate", "a=1"}, {"tracestate", "b=2"}}), "a=1,b=2");
  EXPECT_EQ(state({{"tracestate", std::string(512, 'a')}}), std::string(512, 'a'));
  EXPECT_EQ(state({{"tracestate", std::string(513, 'a')}}), "");
  EXPECT_EQ(state({{"tracestate", "a=1\n"}}), "");
  EXPECT_EQ(state({{"tracestate", "a=\xff"}}), "");
}

TEST(SetTrace, WritesWhatIsReadAgainInThePlaceOfWhatWasThere) {
  Metadata metadata{{"traceparent", "old"}, {"other", "stays"}, {"tracestate", "old"}};
  auto trace = FindTrace({{"traceparent", kValid}, {"tracestate", "a=1"}});
  ASSERT_TRUE(trace.has_value());
  SetTrace(metadata, *trace);
  EXPECT_THAT(metadata, ElementsAre(Pair("other", "stays"), Pair("traceparent", kValid),
                                    Pair("tracestate", "a=1")));
  trace->state.clear();
  trace->sampled = false;
  SetTrace(metadata, *trace);
  std::string unsampled = kValid;
  unsampled.back() = '0';
  EXPECT_THAT(metadata, ElementsAre(Pair("other", "stays"), Pair("traceparent", unsampled)));
}

}  // namespace
}  // namespace piperpc::testing
