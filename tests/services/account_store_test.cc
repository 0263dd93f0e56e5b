#include "services/auth/account_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "file_access.h"
#include "services/auth/sqlite.h"
#include "services/auth/sqlite_account_store.h"
#include "support/scratch_folder.h"

namespace services {
namespace {

using absl::StatusCode;
using piperpc::testing::ScratchFolder;
using ::testing::AllOf;
using ::testing::ElementsAreArray;
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

void MakeDatabase(const std::string& path, const std::string& sql) {
  const absl::Status made = SqliteDatabase::Open(path)->Execute(sql);
  EXPECT_TRUE(made.ok()) << made;
}

// All that is in a folder: what each file holds, and who may use it.
std::vector<std::string> FilesIn(const ScratchFolder& folder) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    files.push_back(absl::StrCat(entry.path().filename().string(), " ",
                                 IsForOwnerOnly(entry.path().string()) ? "private" : "open", " ",
                                 absl::CHexEscape(bytes)));
  }
  std::sort(files.begin(), files.end());
  return files;
}

void LetOthersReadAllIn(const ScratchFolder& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    LetOthersRead(entry.path().string());
  }
}

void ExpectRefusedAndLeftAsItIs(const ScratchFolder& folder, const std::string& path) {
  LetOthersReadAllIn(folder);
  const std::vector<std::string> before = FilesIn(folder);
  const absl::Status status = OpenAccountStore(path).status();
  EXPECT_EQ(status.code(), StatusCode::kFailedPrecondition) << status;
  EXPECT_THAT(std::string(status.message()), AllOf(HasSubstr(path), HasSubstr("another program")));
  EXPECT_THAT(FilesIn(folder), ElementsAreArray(before));
}

TEST(AccountFile, OfAnotherProgramIsRefusedAndLeftAsItIs) {
  const char* const cases[] = {
      "CREATE TABLE notes (text TEXT)",
      "CREATE TABLE account (name TEXT)",
      "CREATE TABLE account (id INTEGER PRIMARY KEY, username TEXT, password_hash TEXT)",
      "PRAGMA user_version = 7",
      "PRAGMA application_id = 99",
      "CREATE TABLE notes (text TEXT); PRAGMA user_version = 1",
      "PRAGMA journal_mode = WAL; CREATE TABLE notes (text TEXT)",
      "PRAGMA journal_mode = PERSIST; CREATE TABLE notes (text TEXT)",
  };
  for (const char* sql : cases) {
    SCOPED_TRACE(sql);
    ScratchFolder folder;
    const std::string path = folder.File("theirs #1 %20.db");
    MakeDatabase(path, sql);
    ExpectRefusedAndLeftAsItIs(folder, path);
  }
}

// The files of a database whose program was killed.
void CopyAsAfterAKill(const std::string& from, const std::string& to) {
  for (const char* suffix : {"", "-wal", "-journal"}) {
    if (!std::filesystem::exists(from + suffix)) continue;
    std::filesystem::copy_file(from + suffix, to + suffix);
  }
}

// In its own file there is next to nothing yet.
TEST(AccountFile, OfAnotherProgramIsLeftAsItIsWithTheLogBesideIt) {
  ScratchFolder theirs, left;
  const std::string path = theirs.File("theirs.db");
  absl::StatusOr<SqliteDatabase> open = SqliteDatabase::Open(path);
  ASSERT_TRUE(open->Execute("PRAGMA journal_mode = WAL; CREATE TABLE notes (text TEXT)").ok());
  CopyAsAfterAKill(path, left.File("theirs.db"));
  ASSERT_GT(std::filesystem::file_size(left.File("theirs.db-wal")), 0U);
  ExpectRefusedAndLeftAsItIs(theirs, path);
  ExpectRefusedAndLeftAsItIs(left, left.File("theirs.db"));
}

TEST(AccountFile, OfAnotherProgramIsLeftAsItIsWithTheJournalBesideIt) {
  ScratchFolder theirs, left;
  const std::string path = theirs.File("theirs.db");
  MakeDatabase(path, "PRAGMA user_version = 0; VACUUM");  // Empty, but a database.
  absl::StatusOr<SqliteDatabase> open = SqliteDatabase::Open(path);
  ASSERT_TRUE(open->Execute("PRAGMA cache_size = 1; BEGIN; CREATE TABLE notes (text TEXT);"
                            "INSERT INTO notes VALUES (zeroblob(1000000))")
                  .ok());
  CopyAsAfterAKill(path, left.File("theirs.db"));
  ASSERT_GT(std::filesystem::file_size(left.File("theirs.db-journal")), 0U);
  ExpectRefusedAndLeftAsItIs(left, left.File("theirs.db"));
  ASSERT_TRUE(open->Execute("ROLLBACK").ok());
}

// As the accounts' own is, whenever it was killed.
TEST(AccountFile, OfOursIsOpenedWithTheLogBesideIt) {
  ScratchFolder ours, left;
  const std::string path = ours.File("accounts.db");
  const auto store = Open(path);
  ASSERT_TRUE(*store->Insert("ana", "hash"));
  const std::string copy = left.File("accounts.db");
  CopyAsAfterAKill(path, copy);
  LetOthersReadAllIn(left);
  const auto again = Open(copy);
  EXPECT_THAT(*again->FindHash("ana"), Optional(std::string("hash")));
  EXPECT_TRUE(IsForOwnerOnly(copy));
  EXPECT_TRUE(IsForOwnerOnly(copy + "-wal"));
}

// What SQLite has written of a new file when its program is killed between the first page and the
// second: that page, and a journal that says that there was no page before.
TEST(AccountFile, OfOursIsOpenedThoughItsMakingWasCutOff) {
  constexpr std::size_t kPageBytes = 4096;
  constexpr std::string_view kNoPages(
      "\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"  // It is a journal.
      "\0\0\0\0"
      "nnce"
      "\0\0\0\0"  // Of no pages; before them there were none.
      "\0\0\x02\0"
      "\0\0\x10\0",  // Of sectors of 512 bytes, and pages of 4,096.
      28);
  ScratchFolder folder;
  const std::string path = folder.File("accounts.db");
  Open(path).reset();
  ASSERT_TRUE(SqliteDatabase::Open(path)->Execute("PRAGMA journal_mode = DELETE").ok());
  ASSERT_GT(std::filesystem::file_size(path), kPageBytes);
  std::filesystem::resize_file(path, kPageBytes);
  std::ofstream(path + "-journal", std::ios::binary)
      << kNoPages << std::string(512 - kNoPages.size(), '\0');
  EXPECT_TRUE(*Open(path)->Insert("ana", "hash"));
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
  LetOthersRead(path);
  const std::vector<std::string> before = FilesIn(folder);
  const absl::Status status = OpenAccountStore(path).status();
  EXPECT_EQ(status.code(), StatusCode::kDataLoss);
  EXPECT_THAT(FilesIn(folder), ElementsAreArray(before));
  EXPECT_THAT(std::string(status.message()), HasSubstr(path));
  EXPECT_THAT(std::string(status.message()), HasSubstr("is not a database, and was not changed"));
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
