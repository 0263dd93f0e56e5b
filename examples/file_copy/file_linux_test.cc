// What only Linux has: holes that stay holes, permissions, links and FIFOs.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>

#include "checksum.h"
#include "file.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"
#include "receiver.h"
#include "sender.h"
#include "test_folder.h"

namespace file_copy {
namespace {

namespace fs = std::filesystem;
using piperpc::testing::InProcess;
using piperpc::testing::IsOk;
using piperpc::testing::IsOkAndHolds;
using piperpc::testing::StatusIs;
using ::testing::Field;

constexpr std::uint64_t kMiB = 1024 * 1024;

struct stat Inspect(const fs::path& path) {
  struct stat found {};
  EXPECT_EQ(stat(path.c_str(), &found), 0);
  return found;
}

std::uint64_t BytesOnDisk(const fs::path& path) {
  return static_cast<std::uint64_t>(Inspect(path).st_blocks) * 512;
}

class LinuxTest : public ::testing::Test {
 protected:
  absl::StatusOr<Copied> CopySource() {
    InProcess<v1::FileCopyClient> server(sender_);
    return Copy(server.client(), "source", to_ / "copy", [](std::uint64_t, std::uint64_t) {});
  }

  TestFolder from_;
  TestFolder to_;
  FileSender sender_{from_.path()};
};

TEST_F(LinuxTest, HolesStayHoles) {
  absl::StatusOr<File> source = File::OpenPart(from_ / "source");
  ASSERT_THAT(source, IsOk());
  ASSERT_THAT(source->Write(4 * kMiB, "in the middle"), IsOk());
  ASSERT_THAT(source->Resize(12 * kMiB), IsOk());
  if (BytesOnDisk(from_ / "source") > kMiB) GTEST_SKIP() << "no holes in this file system";

  EXPECT_THAT(CopySource(), IsOkAndHolds(Field(&Copied::size, 12 * kMiB)));
  EXPECT_LT(BytesOnDisk(to_ / "copy"), kMiB);
  const absl::StatusOr<File> copy = File::OpenToRead(to_ / "copy");
  ASSERT_THAT(copy, IsOk());
  EXPECT_EQ(HashBeginning(*copy, 12 * kMiB)->Result(), HashBeginning(*source, 12 * kMiB)->Result());
}

TEST_F(LinuxTest, AFileMayBeLargerThan4GiB) {
  constexpr std::uint64_t kFar = 5 * 1024 * kMiB;
  absl::StatusOr<File> file = File::OpenPart(to_ / "large");
  ASSERT_THAT(file, IsOk());
  ASSERT_THAT(file->Write(kFar, "far"), IsOk());
  EXPECT_THAT(file->Size(), IsOkAndHolds(kFar + 3));
  std::array<char, 8> buffer{};
  EXPECT_THAT(file->Read(kFar, buffer), IsOkAndHolds(3));
  EXPECT_STREQ(buffer.data(), "far");
  if (BytesOnDisk(to_ / "large") > kMiB) GTEST_SKIP() << "no holes in this file system";
  const absl::StatusOr<Extent> data = file->NextData(0, kFar + 3);
  ASSERT_THAT(data, IsOk());
  EXPECT_GT(data->begin, kFar - kMiB);
  EXPECT_EQ(data->end, kFar + 3);
}

TEST_F(LinuxTest, ACopyIsForItsOwnerOnly) {
  ASSERT_THAT(File::OpenPart(from_ / "source"), IsOk());
  fs::permissions(from_ / "source", fs::perms::all);
  const mode_t before = umask(0);
  EXPECT_THAT(CopySource(), IsOk());
  umask(before);
  EXPECT_EQ(Inspect(to_ / "copy").st_mode & 07777, 0600u);
}

TEST_F(LinuxTest, LinksAreNotFollowed) {
  ASSERT_THAT(File::OpenPart(to_ / "target"), IsOk());
  fs::create_symlink(to_ / "target", from_ / "source");
  EXPECT_THAT(CopySource(), StatusIs(absl::StatusCode::kFailedPrecondition));
  fs::create_symlink(to_ / "target", to_ / "copy.part");
  EXPECT_THAT(File::OpenPart(to_ / "copy.part"), StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(LinuxTest, AFifoIsNotWaitedFor) {
  ASSERT_EQ(mkfifo((from_ / "source").c_str(), 0600), 0);
  EXPECT_THAT(CopySource(), StatusIs(absl::StatusCode::kFailedPrecondition));
}

}  // namespace
}  // namespace file_copy
