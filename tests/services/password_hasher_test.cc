#include "services/auth/password_hasher.h"

#include <gtest/gtest.h>

#include <string>

namespace services {
namespace {

PasswordHasher Minimal() { return *PasswordHasher::Create(PasswordCost::Minimal()); }

TEST(PasswordHasher, RecognisesThePasswordAndNoOther) {
  const PasswordHasher hasher = Minimal();
  const std::string hash = *hasher.Hash("correct horse");
  EXPECT_TRUE(*hasher.Matches(hash, "correct horse"));
  EXPECT_FALSE(*hasher.Matches(hash, "correct horsf"));
  EXPECT_FALSE(*hasher.Matches(hash, ""));
}

TEST(PasswordHasher, CountsEveryByteNulsToo) {
  const PasswordHasher hasher = Minimal();
  const std::string hash = *hasher.Hash(std::string("a\0b", 3));
  EXPECT_TRUE(*hasher.Matches(hash, std::string("a\0b", 3)));
  EXPECT_FALSE(*hasher.Matches(hash, std::string("a\0c", 3)));
  EXPECT_FALSE(*hasher.Matches(hash, "a"));
}

TEST(PasswordHasher, SaltsEachHash) {
  const PasswordHasher hasher = Minimal();
  EXPECT_NE(*hasher.Hash("same"), *hasher.Hash("same"));
}

TEST(PasswordHasher, MakesArgon2idHashes) {
  EXPECT_EQ(Minimal().Hash("x")->rfind("$argon2id$", 0), 0u);
}

TEST(PasswordHasher, SeesThatAHashHasAnotherCost) {
  const PasswordHasher minimal = Minimal();
  PasswordCost dearer = PasswordCost::Minimal();
  dearer.operations += 1;
  const PasswordHasher other = *PasswordHasher::Create(dearer);
  const std::string hash = *minimal.Hash("x");
  EXPECT_FALSE(minimal.IsOutdated(hash));
  EXPECT_TRUE(other.IsOutdated(hash));
  EXPECT_TRUE(*other.Matches(hash, "x"));
}

TEST(PasswordHasher, NeverMatchesWhatIsNoHash) {
  EXPECT_FALSE(*Minimal().Matches("not a hash", "x"));
}

TEST(PasswordHasher, RefusesACostThatDoesNotExist) {
  EXPECT_EQ(PasswordHasher::Create({0, 0}).status().code(), absl::StatusCode::kInvalidArgument);
}

TEST(PasswordHasher, TakesTheInteractiveCost) {
  EXPECT_TRUE(PasswordHasher::Create(PasswordCost::Interactive()).ok());
}

}  // namespace
}  // namespace services
