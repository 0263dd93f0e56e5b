#include <gtest/gtest.h>
#include <sys/stat.h>

#include "file_access.h"

namespace services {

bool IsForOwnerOnly(const std::string& path) {
  struct stat found = {};
  EXPECT_EQ(stat(path.c_str(), &found), 0) << path;
  return (found.st_mode & 0077) == 0;
}

void LetOthersRead(const std::string& path) { EXPECT_EQ(chmod(path.c_str(), 0644), 0) << path; }

}  // namespace services
