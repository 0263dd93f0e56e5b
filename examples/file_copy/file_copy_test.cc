// Tests of the service and of its client, with piperpc::testing, and of their parts.
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "checksum.h"
#include "file.h"
#include "piperpc/testing/in_process_server.h"
#include "piperpc/testing/matchers.h"
#include "progress.h"
#include "receiver.h"
#include "sender.h"
#include "test_folder.h"

namespace file_copy {
namespace {

namespace fs = std::filesystem;
using piperpc::testing::FaultInjector;
using piperpc::testing::InProcess;
using piperpc::testing::IsOk;
using piperpc::testing::IsOkAndHolds;
using piperpc::testing::StatusIs;
using ::testing::AllOf;
using ::testing::Field;
using ::testing::HasSubstr;

std::string RandomBytes(std::size_t size) {
  std::minstd_rand random(size);
  std::string bytes(size, '\0');
  std::generate(bytes.begin(), bytes.end(), [&] { return static_cast<char>(random() >> 8); });
  return bytes;
}

void WriteFile(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string ReadFile(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void NoProgress(std::uint64_t, std::uint64_t) {}

class FileCopyTest : public ::testing::Test {
 protected:
  absl::StatusOr<Copied> CopySource() {
    return Copy(server_.client(), "source", to_ / "copy", NoProgress);
  }

  TestFolder from_;
  TestFolder to_;
  FileSender sender_{from_.path()};
  InProcess<v1::FileCopyClient> server_{sender_};
};

// --- Whole files. ---

class FileCopySizeTest : public FileCopyTest, public ::testing::WithParamInterface<int> {};

TEST_P(FileCopySizeTest, CopiesAllBytes) {
  const std::string bytes = RandomBytes(GetParam());
  WriteFile(from_ / "source", bytes);
  Sha256 sha256;
  sha256.Add(bytes);
  EXPECT_THAT(CopySource(),
              IsOkAndHolds(AllOf(Field(&Copied::size, bytes.size()), Field(&Copied::resumed_at, 0),
                                 Field(&Copied::sha256, sha256.Result()))));
  EXPECT_EQ(ReadFile(to_ / "copy"), bytes);
  EXPECT_FALSE(fs::exists(to_ / "copy.part"));
}

INSTANTIATE_TEST_SUITE_P(Sizes, FileCopySizeTest,
                         ::testing::Values(0, 1, kChunkBytes, kChunkBytes + 1, 1'000'000));

TEST_F(FileCopyTest, ReplacesWhatIsThere) {
  WriteFile(from_ / "source", "new");
  WriteFile(to_ / "copy", "old and longer");
  EXPECT_THAT(CopySource(), IsOk());
  EXPECT_EQ(ReadFile(to_ / "copy"), "new");
}

TEST_F(FileCopyTest, TellsOfItsProgress) {
  WriteFile(from_ / "source", RandomBytes(kChunkBytes + 1));
  std::vector<std::uint64_t> steps;
  EXPECT_THAT(Copy(server_.client(), "source", to_ / "copy",
                   [&](std::uint64_t done, std::uint64_t size) {
                     EXPECT_EQ(size, kChunkBytes + 1);
                     steps.push_back(done);
                   }),
              IsOk());
  EXPECT_THAT(steps, ::testing::ElementsAre(kChunkBytes, kChunkBytes + 1, kChunkBytes + 1));
}

// --- What is left of an earlier copy. ---

TEST_F(FileCopyTest, GoesOnAfterTheConnectionWasLost) {
  const std::string bytes = RandomBytes(4'000'000);
  WriteFile(from_ / "source", bytes);
  WriteFile(to_ / "copy", "old");
  ASSERT_THAT(server_.channel()->WaitUntilReady(std::chrono::minutes(1)), IsOk());
  server_.faults().Cut(FaultInjector::From::kServer, 20);
  EXPECT_THAT(CopySource(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(ReadFile(to_ / "copy"), "old");
  const auto before = fs::file_size(to_ / "copy.part");
  EXPECT_GT(before, 0);
  EXPECT_THAT(CopySource(), IsOkAndHolds(Field(&Copied::resumed_at, before)));
  EXPECT_TRUE(ReadFile(to_ / "copy") == bytes);
}

TEST_F(FileCopyTest, EndsACopyThatWasComplete) {
  WriteFile(from_ / "source", "all of it");
  WriteFile(to_ / "copy.part", "all of it");
  EXPECT_THAT(CopySource(), IsOkAndHolds(Field(&Copied::resumed_at, 9)));
  EXPECT_EQ(ReadFile(to_ / "copy"), "all of it");
}

TEST_F(FileCopyTest, BeginsAgainWhenThePartIsOfAnotherFile) {
  WriteFile(from_ / "source", "the file");
  WriteFile(to_ / "copy.part", "that");
  EXPECT_THAT(CopySource(), IsOkAndHolds(Field(&Copied::resumed_at, 0)));
  EXPECT_EQ(ReadFile(to_ / "copy"), "the file");
}

TEST_F(FileCopyTest, BeginsAgainWhenThePartIsLongerThanTheFile) {
  WriteFile(from_ / "source", "short");
  WriteFile(to_ / "copy.part", "shorter");
  EXPECT_THAT(CopySource(), IsOkAndHolds(Field(&Copied::resumed_at, 0)));
  EXPECT_EQ(ReadFile(to_ / "copy"), "short");
}

// --- What is refused. ---

TEST_F(FileCopyTest, KeepsToTheFolder) {
  WriteFile(to_ / "secret", "secret");
  const std::string outside = "../" + to_.path().filename().string() + "/secret";
  for (const std::string& name : {outside, (to_ / "secret").string(), std::string("."),
                                  std::string(".."), std::string(), std::string("a\0b", 3)}) {
    EXPECT_THAT(Copy(server_.client(), name, to_ / "copy", NoProgress),
                StatusIs(absl::StatusCode::kInvalidArgument))
        << name;
  }
}

TEST_F(FileCopyTest, SendsRegularFilesOnly) {
  fs::create_directory(from_ / "source");
  EXPECT_THAT(CopySource(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("regular")));
}

TEST_F(FileCopyTest, SaysThatThereIsNoSuchFile) {
  EXPECT_THAT(CopySource(), StatusIs(absl::StatusCode::kNotFound, HasSubstr("source")));
  EXPECT_FALSE(fs::exists(to_ / "copy.part"));
}

TEST_F(FileCopyTest, DoesNotTakeAFolderForAFile) {
  WriteFile(from_ / "source", "bytes");
  fs::create_directory(to_ / "copy");
  EXPECT_THAT(CopySource(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("folder")));
}

TEST_F(FileCopyTest, LeavesThePartOfAnotherCopyAlone) {
  WriteFile(from_ / "source", "bytes");
  const absl::StatusOr<File> other = File::OpenPart(to_ / "copy.part");
  ASSERT_THAT(other, IsOk());
  EXPECT_THAT(CopySource(), StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("in use")));
}

// --- Servers that are wrong. ---

class WrongServer final : public v1::FileCopyService {
 public:
  std::vector<v1::ReadResponse> responses;

 private:
  absl::Status Read(piperpc::ServerContext&, const v1::ReadRequest&,
                    piperpc::Writer<v1::ReadResponse>& writer) override {
    for (const v1::ReadResponse& response : responses) {
      if (!writer.Write(response)) break;
    }
    return absl::OkStatus();
  }
};

class WrongServerTest : public ::testing::Test {
 protected:
  absl::StatusOr<Copied> CopyFrom(std::vector<v1::ReadResponse> responses) {
    WrongServer wrong;
    wrong.responses = std::move(responses);
    InProcess<v1::FileCopyClient> server(wrong);
    return Copy(server.client(), "source", to_ / "copy", NoProgress);
  }

  static v1::ReadResponse Start(std::uint64_t size, std::uint64_t offset) {
    v1::ReadResponse response;
    response.mutable_start()->set_size(size);
    response.mutable_start()->set_offset(offset);
    return response;
  }
  static v1::ReadResponse Data(std::uint64_t offset, const std::string& bytes) {
    v1::ReadResponse response;
    response.mutable_data()->set_offset(offset);
    response.mutable_data()->set_bytes(bytes);
    return response;
  }
  static v1::ReadResponse End() {
    v1::ReadResponse response;
    response.mutable_end()->set_sha256("wrong");
    return response;
  }

  TestFolder to_;
};

TEST_F(WrongServerTest, AWrongChecksumIsDataLoss) {
  EXPECT_THAT(CopyFrom({Start(5, 0), Data(0, "bytes"), End()}),
              StatusIs(absl::StatusCode::kDataLoss));
  EXPECT_FALSE(fs::exists(to_ / "copy"));
}

TEST_F(WrongServerTest, WhatIsOutOfOrderIsRefused) {
  const std::vector<std::vector<v1::ReadResponse>> wrong = {
      {},
      {Data(0, "a")},
      {End()},
      {v1::ReadResponse()},
      {Start(1, 1)},
      {Start(1, 2)},
      {Start(1, 0), Start(1, 0)},
      {Start(2, 0), Data(1, "ab")},
      {Start(2, 0), Data(3, "")},
      {Start(2, 0), Data(1, "a"), Data(0, "a")},
      {Start(2, 0), Data(~std::uint64_t{0}, "ab")},
      {Start(2, 0), Data(0, "ab")},
  };
  for (const auto& responses : wrong) {
    EXPECT_THAT(CopyFrom(responses), StatusIs(absl::StatusCode::kInternal)) << responses.size();
    EXPECT_FALSE(fs::exists(to_ / "copy"));
    fs::remove(to_ / "copy.part");
  }
}

// --- The parts. ---

TEST(ProgressBar, ShowsThePartAndTheWhole) {
  EXPECT_EQ(ProgressBar(0, 2048), "[" + std::string(40, ' ') + "]   0 % of 2.0 KiB");
  EXPECT_EQ(ProgressBar(std::uint64_t{3} << 30, std::uint64_t{6} << 30),
            "[" + std::string(20, '=') + std::string(20, ' ') + "]  50 % of 6.0 GiB");
  EXPECT_EQ(ProgressBar(0, 0), "[" + std::string(40, '=') + "] 100 % of 0 bytes");
}

TEST(Sha256, IsThatOfSha256sum) {
  Sha256 sha256;
  EXPECT_EQ(Hex(sha256.Result()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  sha256.Add("abc");
  EXPECT_EQ(Hex(sha256.Result()),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace file_copy
