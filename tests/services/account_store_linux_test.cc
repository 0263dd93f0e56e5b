// What is Linux's own about the file that the accounts are in.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

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

// Root may do anything, so it is somebody else for a while.
class AsNobody {
 public:
  AsNobody() { EXPECT_TRUE(before_ != 0 || seteuid(65534) == 0); }
  ~AsNobody() { EXPECT_TRUE(before_ != 0 || seteuid(before_) == 0); }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  const uid_t before_ = geteuid();
};

absl::Status OpenAsNobody(const std::string& path) {
  const AsNobody nobody;
  return OpenAccountStore(path).status();
}

TEST(AccountFileLinuxTest, ThatMayNotBeReadCannotBeOpened) {
  ScratchFolder folder;
  const std::string path = folder.File("accounts.db");
  ASSERT_TRUE(OpenAccountStore(path).ok());
  chmod(path.c_str(), 0);
  chmod(folder.File("").c_str(), 0755);
  absl::Status status = OpenAsNobody(path);
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(status.message(), "cannot open " + path + ": Permission denied");

  chmod(folder.File("").c_str(), 0);  // Now nobody knows that it is there.
  status = OpenAsNobody(path);
  chmod(folder.File("").c_str(), 0755);
  EXPECT_EQ(status.message(), "cannot open " + path + ": Permission denied");
}

TEST(AccountFileLinuxTest, IsNotOpenedThroughALink) {
  ScratchFolder folder;
  std::filesystem::create_symlink("/dev/null", folder.File("link.db"));
  EXPECT_FALSE(OpenAccountStore(folder.File("link.db")).ok());
}

}  // namespace
}  // namespace services
