#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/scratch_folder.h"

namespace piperpc::testing {

void MakePrivateFolder(const std::filesystem::path& path) {
  EXPECT_EQ(mkdir(path.c_str(), 0700), 0) << path;
}

}  // namespace piperpc::testing
