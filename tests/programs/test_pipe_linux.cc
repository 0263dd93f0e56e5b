#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <utility>

#include "programs/test_pipe.h"

namespace piperpc::tools {

TestPipe::TestPipe() { EXPECT_EQ(pipe2(ends_, O_CLOEXEC), 0); }

TestPipe::~TestPipe() {
  CloseWriteEnd();
  close(ends_[0]);
}

void TestPipe::Write(std::string_view bytes) {
  EXPECT_EQ(write(ends_[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
}

void TestPipe::CloseWriteEnd() {
  const int end = std::exchange(ends_[1], -1);
  if (end >= 0) close(end);
}

}  // namespace piperpc::tools
