#include "piperpc/metadata.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace piperpc {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const Metadata kMetadata{{"a", "1"}, {"b", ""}, {"a", "2"}};

TEST(MetadataTest, TheFirstValueOfAKeyIsFound) {
  EXPECT_EQ(FindValue(kMetadata, "a"), "1");
  EXPECT_EQ(FindValue(kMetadata, "b"), "");
  EXPECT_EQ(FindValue(kMetadata, "c"), std::nullopt);
  EXPECT_EQ(FindValue(kMetadata, "A"), std::nullopt);
}

TEST(MetadataTest, AllValuesOfAKeyAreFoundInTheirOrder) {
  EXPECT_THAT(FindValues(kMetadata, "a"), ElementsAre("1", "2"));
  EXPECT_THAT(FindValues(kMetadata, "c"), IsEmpty());
}

TEST(MetadataTest, AKeyThatIsNotAllowedIsNamed) {
  EXPECT_TRUE(CheckMetadataKey("a-z_0.9").ok());
  EXPECT_TRUE(CheckMetadataKey(std::string(64, 'k')).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(CheckMetadataKey("")));
  EXPECT_TRUE(absl::IsInvalidArgument(CheckMetadataKey(std::string(65, 'k'))));
  for (const char* key : {"Key", "key{", "key/", "key:", "k`", "k\xff"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CheckMetadataKey(key))) << key;
  }
  EXPECT_THAT(std::string(CheckMetadataKey("user name").message()), HasSubstr("\"user name\""));
}

}  // namespace
}  // namespace piperpc
