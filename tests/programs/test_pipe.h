// A pipe with both of its ends in the test.
#pragma once

#include <string_view>

namespace piperpc::tools {

// Its ends are descriptors of the C library; one file per platform behind it.
class TestPipe {
 public:
  TestPipe();
  ~TestPipe();
  TestPipe(const TestPipe&) = delete;
  TestPipe& operator=(const TestPipe&) = delete;

  int read_end() const { return ends_[0]; }
  void Write(std::string_view bytes);  // No more than a pipe holds.
  void CloseWriteEnd();

 private:
  int ends_[2] = {-1, -1};
};

}  // namespace piperpc::tools
