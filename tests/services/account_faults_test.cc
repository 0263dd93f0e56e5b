// Each step of the accounts' file fails once: nothing that was acknowledged is lost, and it goes
// on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "faulty_vfs.h"
#include "services/auth/sqlite_account_store.h"
#include "support/each_fault.h"
#include "support/scratch_folder.h"

namespace services {
namespace {

using absl::StatusCode;
using piperpc::testing::FaultChoice;
using piperpc::testing::ForEachStep;
using piperpc::testing::ScratchFolder;
using ::testing::HasSubstr;
using ::testing::Optional;

struct Fault {
  const char* name;
  FileCall call;
  int code;
};
void PrintTo(const Fault& fault, std::ostream* out) { *out << fault.name; }

std::string HashOf(const std::string& user) { return "hash-of-" + user; }

// A fault of the system's that has gone is no damage of the file, and says what it was.
void ExpectTold(const absl::Status& error, const Fault& fault) {
  EXPECT_NE(error.code(), StatusCode::kDataLoss) << error;
  EXPECT_THAT(error.message(), HasSubstr("database: ")) << error;
  if (fault.code == SQLITE_FULL) {
    EXPECT_EQ(error.code(), StatusCode::kResourceExhausted) << error;
  }
}

class AccountFaultTest : public ::testing::TestWithParam<Fault> {
 protected:
  // What is acknowledged is in `acknowledged_`.
  void Insert(AccountStore& store, const std::string& user) {
    const absl::StatusOr<bool> inserted = store.Insert(user, HashOf(user));
    if (!inserted.ok()) return ExpectTold(inserted.status(), GetParam());
    acknowledged_.push_back(user);
  }

  // With a fault; after it, the store that met it goes on.
  void RegisterSome(const std::string& path, int place) {
    vfs_.FailOnce(GetParam().call, place, GetParam().code);
    auto store = OpenAccountStore(path);
    if (!store.ok()) {
      EXPECT_THAT(store.status().message(), HasSubstr(path));
      return ExpectTold(store.status(), GetParam());
    }
    Insert(**store, "ana");
    Insert(**store, "ben");
    vfs_.Heal();
    EXPECT_TRUE((*store)->Insert("eva", HashOf("eva")).ok());
    acknowledged_.push_back("eva");
  }

  void ExpectAllThere(const std::string& path) {
    vfs_.Heal();
    auto store = OpenAccountStore(path);
    ASSERT_TRUE(store.ok()) << store.status();
    for (const std::string& user : acknowledged_) {
      EXPECT_THAT(*(*store)->FindHash(user), Optional(HashOf(user)));
    }
    EXPECT_TRUE(*(*store)->Insert("zoe", HashOf("zoe")));
  }

  FaultyVfs vfs_;
  std::vector<std::string> acknowledged_;
};

TEST_P(AccountFaultTest, OnceAtEachPlaceLosesNothingThatWasAcknowledged) {
  static constexpr std::size_t kNever = 1000;
  const std::size_t runs = ForEachStep(GetParam().name, [this](std::size_t place) {
    EXPECT_LT(place, kNever);
    const ScratchFolder folder;
    acknowledged_.clear();
    RegisterSome(folder.File("accounts.db"), static_cast<int>(place));
    const bool failed = vfs_.has_failed();
    ExpectAllThere(folder.File("accounts.db"));
    return failed;
  });
  EXPECT_TRUE(runs != 1 || !FaultChoice::OfProgram().all()) << "there is no such call";
}

INSTANTIATE_TEST_SUITE_P(Calls, AccountFaultTest,
                         ::testing::Values(Fault{"Open", FileCall::kOpen, SQLITE_CANTOPEN},
                                           Fault{"Read", FileCall::kRead, SQLITE_IOERR_READ},
                                           Fault{"Write", FileCall::kWrite, SQLITE_IOERR_WRITE},
                                           Fault{"WriteOnAFullDisk", FileCall::kWrite, SQLITE_FULL},
                                           Fault{"Sync", FileCall::kSync, SQLITE_IOERR_FSYNC},
                                           Fault{"Size", FileCall::kSize, SQLITE_IOERR_FSTAT},
                                           Fault{"Lock", FileCall::kLock, SQLITE_IOERR_LOCK},
                                           Fault{"Delete", FileCall::kDelete, SQLITE_IOERR_DELETE},
                                           Fault{"SharedMemory", FileCall::kSharedMemory,
                                                 SQLITE_IOERR_SHMMAP}),
                         [](const auto& fault) { return fault.param.name; });

// Another process may be opening the same file at this moment.
TEST(AccountsThatAreInUseTest, AreWaitedForWhereverTheyAreLocked) {
  FaultyVfs vfs;
  const ScratchFolder folder;
  const std::string used = folder.File("used.db");
  ASSERT_TRUE(OpenAccountStore(used).ok());
  std::size_t locked = 0;
  for (const FileCall call : {FileCall::kLock, FileCall::kSharedMemory}) {
    for (const bool is_new : {true, false}) {
      const std::string fault = absl::StrCat("in use at call ", static_cast<int>(call), ", ",
                                             is_new ? "a new file" : "a used file");
      ForEachStep(fault, [&](std::size_t place) {
        const std::string path =
            is_new ? folder.File(absl::StrCat("new", static_cast<int>(call), "-", place)) : used;
        vfs.FailOnce(call, static_cast<int>(place), SQLITE_BUSY);
        const auto store = OpenAccountStore(path);
        const bool failed = vfs.has_failed();
        vfs.Heal();
        EXPECT_TRUE(store.ok()) << store.status();
        locked += failed ? 1 : 0;
        return failed;
      });
    }
  }
  EXPECT_TRUE(locked >= 8 || !FaultChoice::OfProgram().all()) << "there are no such calls";
}

TEST(AccountsOnAFullDiskTest, AreFoundAndNewOnesAreTakenWhenThereIsRoomAgain) {
  FaultyVfs vfs;
  const ScratchFolder folder;
  const auto store = OpenAccountStore(folder.File("accounts.db"));
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE(*(*store)->Insert("ana", HashOf("ana")));
  vfs.FailAll(FileCall::kWrite, SQLITE_FULL);
  for (const std::string user : {"ben", "eva"}) {
    EXPECT_EQ((*store)->Insert(user, HashOf(user)).status().code(), StatusCode::kResourceExhausted);
    EXPECT_EQ(*(*store)->FindHash(user), std::nullopt);
  }
  EXPECT_THAT(*(*store)->FindHash("ana"), Optional(HashOf("ana")));
  vfs.Heal();
  EXPECT_TRUE(*(*store)->Insert("ben", HashOf("ben")));
}

}  // namespace
}  // namespace services
