#include "names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace piperpc::codegen {
namespace {

using ::testing::ElementsAre;

TEST(Names, KeywordsAndMacrosAreReserved) {
  for (const char* word : {"EOF", "NULL", "alignas", "class", "co_await", "errno", "xor_eq"}) {
    EXPECT_TRUE(IsReserved(word)) << word;
  }
  for (const char* word : {"", "Class", "Publish", "import", "final"}) {
    EXPECT_FALSE(IsReserved(word)) << word;
  }
}

TEST(Names, TakenNameGetsUnderscoresUntilItIsFree) {
  NameScope scope;
  scope.Reserve("Foo");
  scope.Reserve("Foo_");
  EXPECT_EQ(scope.Take("Foo"), "Foo__");
  EXPECT_EQ(scope.Take("Foo"), "Foo___");
  EXPECT_EQ(scope.Take("delete"), "delete_");
}

TEST(Names, NamesThatAreRightKeepTheirsWhateverTheOrder) {
  NameScope scope;
  EXPECT_THAT(TakeAll(scope, {"delete", "delete_", "Get"}),
              ElementsAre("delete__", "delete_", "Get"));
  NameScope other;
  EXPECT_THAT(TakeAll(other, {"Get", "delete_", "delete"}),
              ElementsAre("Get", "delete_", "delete__"));
}

}  // namespace
}  // namespace piperpc::codegen
