#include "services/auth/account_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "file_access.h"
#include "services/auth/sqlite.h"
#include "services/auth/sqlite_account_store.h"
#include "support/scratch_folder.h"

namespace services {
namespace {

using absl::StatusCode;
using piperpc::testing::ScratchFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Optional;

std::unique_ptr<AccountStore> Open(const std::string& path) {
  auto store = OpenAccountStore(path);
  EXPECT_TRUE(store.ok()) << store.status();
  return *std::move(store);
}

// Both kinds of store keep the same promises.
class AccountStoreTest : public ::testing::TestWithParam<bool> {
 protected:
  ScratchFolder folder_;
  const std::string path_ = GetParam() ? folder_.File("accounts.db") : kInMemory;
  const std::unique_ptr<AccountStore> store_ = Open(path_);
};
INSTANTIATE_TEST_SUITE_P(Stores, AccountStoreTest, ::testing::Bool(),
                         [](const auto& kind) { return kind.param ? "InAFile" : "InMemory"; });

TEST_P(AccountStoreTest, FindsWhatWasInsertedAndNothingElse) {
  EXPECT_EQ(*store_->FindHash("ana"), std::nullopt);
  EXPECT_TRUE(*store_->Insert("ana", "hash"));
  EXPECT_THAT(*store_->FindHash("ana"), Optional(std::string("hash")));
  EXPECT_EQ(*store_->FindHash("Ana"), std::nullopt);
}

TEST_P(AccountStoreTest, KeepsTheFirstOfTwoAccountsOfOneName) {
  EXPECT_TRUE(*store_->Insert("ana", "first"));
  EXPECT_FALSE(*store_->Insert("ana", "second"));
  EXPECT_THAT(*store_->FindHash("ana"), Optional(std::string("first")));
}

TEST_P(AccountStoreTest, ReplacesAHashOnlyWhenItIsTheOldOne) {
  ASSERT_TRUE(*store_->Insert("ana", "one"));
  EXPECT_TRUE(store_->ReplaceHash("ana", "one", "two").ok());
  EXPECT_TRUE(store_->ReplaceHash("ana", "one", "three").ok());
  EXPECT_THAT(*store_->FindHash("ana"), Optional(std::string("two")));
}

TEST_P(AccountStoreTest, TakesNamesThatLookLikeSql) {
  const std::string name = "'; DROP TABLE account; --";
  EXPECT_TRUE(*store_->Insert(name, "hash"));
  EXPECT_THAT(*store_->FindHash(name), Optional(std::string("hash")));
}

TEST_P(AccountStoreTest, LetsOneOfManyThreadsInsertAName) {
  std::atomic<int> winners = 0;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] {
        for (int name = 0; name < 20; ++name) {
          winners += *store_->Insert("user" + std::to_string(name), std::to_string(i)) ? 1 : 0;
        }
      });
    }
  }
  EXPECT_EQ(winners, 20);
}

TEST(AccountFile, KeepsItsAccountsWhenItIsOpenedAgain) {
  ScratchFolder folder;
  const std::string path = folder.File("accounts.db");
  ASSERT_TRUE(*Open(path)->Insert("ana", "hash"));
  EXPECT_THAT(*Open(path)->FindHash("ana"), Optional(std::string("hash")));
}

TEST(AccountFile, IsSharedByTwoStoresAtOnce) {
  ScratchFolder folder;
  const std::string path = folder.File("accounts.db");
  const auto one = Open(path);
  const auto other = Open(path);
  EXPECT_TRUE(*one->Insert("ana", "hash"));
  EXPECT_FALSE(*other->Insert("ana", "other"));
  EXPECT_THAT(*other->FindHash("ana"), Optional(std::string("hash")));
}

TEST(AccountFile, IsMadeForItsOwnerOnly) {
  ScratchFolder folder;
  const std::string path = folder.File("data/accounts.db");
  const auto store = Open(path);
  ASSERT_TRUE(*store->Insert("ana", "hash"));
  EXPECT_TRUE(IsForOwnerOnly(path));
  EXPECT_TRUE(IsForOwnerOnly(folder.File("data")));
}

TEST(AccountFile, LosesTheAccessThatOthersHad) {
  ScratchFolder folder;
  const std::string path = folder.File("accounts.db");
  std::ofstream(path).close();
  LetOthersRead(path);
  ASSERT_FALSE(IsForOwnerOnly(path));
  Open(path);
  EXPECT_TRUE(IsForOwnerOnly(path));
}

// What `sql` makes of a new file, and what the file is afterwards.
std::string MakeDatabase(const std::string& path, const std::string& sql) {
  const absl::Status made = SqliteDatabase::Open(path)->Execute(sql);
  EXPECT_TRUE(made.ok()) << made;
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(AccountFile, OfAnotherProgramIsRefusedAndLeftAsItIs) {
  const char* const cases[] = {
      "CREATE TABLE notes (text TEXT)",
      "CREATE TABLE account (name TEXT)",
      "CREATE TABLE account (id INTEGER PRIMARY KEY, username TEXT, password_hash TEXT)",
      "PRAGMA user_version = 7",
      "PRAGMA application_id = 99",
      "CREATE TABLE notes (text TEXT); PRAGMA user_version = 1",
  };
  for (const char* sql : cases) {
    ScratchFolder folder;
    const std::string path = folder.File("theirs.db");
    const std::string before = MakeDatabase(path, sql);
    const absl::Status status = OpenAccountStore(path).status();
    EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition) << sql;
    EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(path), HasSubstr("another program")))
        << sql;
    std::ifstream file(path, std::ios::binary);
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), before) << sql;
  }
}

TEST(AccountFile, WithoutANumberButWithOurTableAloneIsTakenOver) {
  ScratchFolder folder;
  const std::string path = folder.File("accounts.db");
  ASSERT_TRUE(*Open(path)->Insert("ana", "hash"));
  MakeDatabase(path, "PRAGMA application_id = 0");
  EXPECT_THAT(*Open(path)->FindHash("ana"), Optional(std::string("hash")));
  EXPECT_NE(*SqliteDatabase::Open(path)->QueryNumber("PRAGMA application_id"), 0);
}

TEST(AccountFile, ThatIsNoDatabaseIsLeftAlone) {
  ScratchFolder folder;
  const std::string path = folder.File("notes.txt");
  std::ofstream(path) << std::string(200, 'x');
  const absl::Status status = OpenAccountStore(path).status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr(path));
}

TEST(AccountFile, OfANewerVersionIsRefused) {
  ScratchFolder folder;
  const std::string path = folder.File("accounts.db");
  Open(path).reset();
  ASSERT_TRUE(SqliteDatabase::Open(path)->Execute("PRAGMA user_version = 99").ok());
  const absl::Status status = OpenAccountStore(path).status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr("version 99"));
}

TEST(AccountFile, IsNotOpenedInPlaceOfAFolder) {
  ScratchFolder folder;
  EXPECT_FALSE(OpenAccountStore(folder.File("")).ok());
  EXPECT_FALSE(OpenAccountStore(folder.File("no/such/folder/accounts.db")).ok());
}

}  // namespace
}  // namespace services
