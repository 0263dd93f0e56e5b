#include <fcntl.h>
#include <gtest/gtest.h>
#include <io.h>

#include <utility>

#include "programs/test_pipe.h"

namespace piperpc::tools {

TestPipe::TestPipe() { EXPECT_EQ(_pipe(ends_, 4096, _O_BINARY | _O_NOINHERIT), 0); }

// A read that was given up goes on in the reader's thread, and ends with the write end.
TestPipe::~TestPipe() {
  CloseWriteEnd();
  _close(ends_[0]);
}

void TestPipe::Write(std::string_view bytes) {
  const auto size = static_cast<unsigned>(bytes.size());
  EXPECT_EQ(_write(ends_[1], bytes.data(), size), static_cast<int>(size));
}

void TestPipe::CloseWriteEnd() {
  const int end = std::exchange(ends_[1], -1);
  if (end >= 0) _close(end);
}

}  // namespace piperpc::tools
