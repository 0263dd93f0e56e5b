// What is Linux's own about the file that the accounts are in.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "file_access.h"
#include "services/auth/sqlite_account_store.h"
#include "support/scratch_folder.h"

namespace services {
namespace {

using piperpc::testing::ScratchFolder;

TEST(AccountFileLinuxTest, IsWrittenAheadAndItsLogIsForTheOwnerOnlyToo) {
  ScratchFolder folder;
  const std::string path = folder.File("accounts.db");
  const auto store = OpenAccountStore(path);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE(*(*store)->Insert("ana", "hash"));
  EXPECT_TRUE(IsForOwnerOnly(path + "-wal"));
  EXPECT_TRUE(IsForOwnerOnly(path + "-shm"));
}

TEST(AccountFileLinuxTest, IsNotOpenedThroughALink) {
  ScratchFolder folder;
  std::filesystem::create_symlink("/dev/null", folder.File("link.db"));
  EXPECT_FALSE(OpenAccountStore(folder.File("link.db")).ok());
}

}  // namespace
}  // namespace services
