// What is Windows' own about the file that the accounts are in.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <windows.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "file_access.h"
#include "services/auth/private_file.h"
#include "services/auth/sqlite_account_store.h"
#include "support/access_win32.h"
#include "support/scratch_folder.h"

namespace services {
namespace {

using piperpc::testing::ScratchFolder;
using piperpc::testing::UnderWine;
using ::testing::HasSubstr;

TEST(AccountFileWin32Test, IsWrittenAheadAndItsLogIsForTheOwnerOnlyToo) {
  if (UnderWine()) GTEST_SKIP() << "under Wine a file inherits nothing from its folder";
  ScratchFolder folder;
  const std::string path = folder.File("data/accounts.db");
  const auto store = OpenAccountStore(path);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE(*(*store)->Insert("ana", "hash"));
  EXPECT_TRUE(IsForOwnerOnly(path + "-wal"));
  EXPECT_TRUE(IsForOwnerOnly(path + "-shm"));
}

// The log beside it would be open to others.
TEST(AccountFileWin32Test, IsRefusedAFolderThatGivesNewFilesToOthers) {
  ScratchFolder folder;
  const std::string data = folder.File("data");
  std::filesystem::create_directory(data);
  LetOthersRead(data);
  const absl::Status status = OpenAccountStore(data + "/accounts.db").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(status.message()), HasSubstr(data + " gives other users access to"));
}

TEST(AccountFileWin32Test, MayHaveAnyName) {
  ScratchFolder folder;
  const std::string path = folder.File("contas à mão/中.db");
  EXPECT_TRUE(OpenAccountStore(path).ok());
  EXPECT_TRUE(IsForOwnerOnly(path));
}

TEST(AccountFileWin32Test, HasANameInUtf8) {
  const absl::Status status = MakePrivateFile("a\xff.db");
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("invalid byte at offset 1"));
}

TEST(AccountFileWin32Test, IsNotOpenedThroughALink) {
  ScratchFolder folder;
  std::ofstream(folder.path() / "target") << "precious";
  const std::filesystem::path link = folder.path() / "link.db";
  // Wine says that it did, and does nothing.
  if (!CreateSymbolicLinkW(link.c_str(), (folder.path() / "target").c_str(),
                           SYMBOLIC_LINK_FLAG_ALLOW_UNPRIVILEGED_CREATE) ||
      GetFileAttributesW(link.c_str()) == INVALID_FILE_ATTRIBUTES) {
    GTEST_SKIP() << "no symbolic links can be made here";
  }
  const absl::Status status = MakePrivateFile(folder.File("link.db"));
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition) << status;
}

}  // namespace
}  // namespace services
