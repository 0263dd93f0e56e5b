// What is taken of descriptors that others have opened, and what is said of those that are not.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <string>

#include "piperpc/open_socket.h"
#include "support/open_sockets_linux.h"
#include "support/scratch_folder.h"

namespace piperpc::testing {
namespace {

using ::testing::HasSubstr;

// The text of a refusal; the test fails where there is none, or where it has cost the descriptor.
std::string Refusal(int fd) {
  const absl::StatusOr<OpenSocket> socket = OpenSocket::Take(fd, "demo");
  EXPECT_TRUE(absl::IsInvalidArgument(socket.status())) << socket.status();
  const std::string text(socket.status().message());
  EXPECT_THAT(text, HasSubstr("descriptor " + std::to_string(fd) + " \"demo\""));
  EXPECT_THAT(text, HasSubstr("SOCK_SEQPACKET"));
  return text;
}

std::string RefusalOf(const UniqueFd& fd) {
  std::string text = Refusal(fd.get());
  EXPECT_GE(::fcntl(fd.get(), F_GETFD), 0) << "it is not open any more";
  return text;
}

TEST(OpenSocketTest, OneThatListensKnowsItsAddressAndDoesNotBlock) {
  const ScratchFolder folder;
  const std::string path = folder.File("s");
  absl::StatusOr<OpenSocket> socket = OpenSocket::Take(Leave(ListenAt(path)), "demo");
  ASSERT_TRUE(socket.ok()) << socket.status();
  EXPECT_EQ(socket->kind(), OpenSocket::Kind::kListening);
  EXPECT_EQ(socket->address(), path);
  EXPECT_THAT(socket->ToString(), HasSubstr("\"demo\" (" + path + ")"));
  EXPECT_NE(::fcntl(socket->descriptor(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_NE(::fcntl(socket->descriptor(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(OpenSocketTest, OneThatIsConnectedBlocksAndIsClosedOnExec) {
  auto [one, other] = NewSocketPair(SOCK_SEQPACKET | SOCK_NONBLOCK);
  const absl::StatusOr<OpenSocket> socket = OpenSocket::Take(Leave(std::move(one)));
  ASSERT_TRUE(socket.ok()) << socket.status();
  EXPECT_EQ(socket->kind(), OpenSocket::Kind::kConnected);
  EXPECT_EQ(socket->address(), "");
  EXPECT_NE(::fcntl(socket->descriptor(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(::fcntl(socket->descriptor(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(OpenSocketTest, OneWhosePeerHasGoneIsConnected) {
  auto [one, other] = NewSocketPair();
  other.Reset();
  EXPECT_EQ(Take(std::move(one)).kind(), OpenSocket::Kind::kConnected);
}

TEST(OpenSocketTest, ClosesTheDescriptorAtItsEndUnlessItWasReleased) {
  auto [one, other] = NewSocketPair();
  int number = -1;
  {
    OpenSocket socket = Take(std::move(one));
    number = socket.descriptor();
    OpenSocket moved = std::move(socket);
    EXPECT_EQ(socket.descriptor(), -1);  // NOLINT(bugprone-use-after-move)
    EXPECT_GE(::fcntl(number, F_GETFD), 0);
  }
  EXPECT_LT(::fcntl(number, F_GETFD), 0);
  const UniqueFd released(Take(std::move(other)).Release());
  EXPECT_GE(::fcntl(released.get(), F_GETFD), 0);
}

TEST(OpenSocketTest, WhatIsNotOpenIsRefused) {
  EXPECT_THAT(Refusal(-1), HasSubstr("is not open (Bad file descriptor)"));
}

TEST(OpenSocketTest, AFileIsRefused) {
  EXPECT_THAT(RefusalOf(UniqueFd(::open("/proc/self/exe", O_RDONLY))), HasSubstr("is a file"));
}

TEST(OpenSocketTest, APipeIsRefused) {
  std::array<int, 2> ends = {-1, -1};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const UniqueFd writer(ends[1]);
  EXPECT_THAT(RefusalOf(UniqueFd(ends[0])), HasSubstr("is a pipe or FIFO"));
}

TEST(OpenSocketTest, ASocketOfAnotherFamilyIsRefused) {
  EXPECT_THAT(RefusalOf(UniqueFd(::socket(AF_INET, SOCK_STREAM, 0))),
              HasSubstr("of the family AF_INET"));
}

TEST(OpenSocketTest, AStreamIsRefusedWithWhatToWriteInstead) {
  const ScratchFolder folder;
  const std::string text = RefusalOf(ListenAt(folder.File("s"), SOCK_STREAM));
  EXPECT_THAT(text, HasSubstr("of the type SOCK_STREAM"));
  EXPECT_THAT(text, HasSubstr("ListenSequentialPacket="));
}

TEST(OpenSocketTest, OneThatIsNeitherListeningNorConnectedIsRefused) {
  EXPECT_THAT(RefusalOf(UniqueFd(::socket(AF_UNIX, SOCK_SEQPACKET, 0))),
              HasSubstr("is neither listening nor connected"));
}

}  // namespace
}  // namespace piperpc::testing
