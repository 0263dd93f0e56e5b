#include <gtest/gtest.h>
#include <windows.h>

#include "piperpc/peer.h"
#include "support/access_win32.h"
#include "support/scratch_folder.h"

namespace piperpc::testing {

void MakePrivateFolder(const std::filesystem::path& path) {
  const Descriptor owner_only("D:P(A;OICI;FA;;;" + OwnPeer().user + ")");
  SECURITY_ATTRIBUTES attributes = {sizeof attributes, owner_only.get(), FALSE};
  EXPECT_TRUE(CreateDirectoryW(path.c_str(), &attributes)) << path;
}

}  // namespace piperpc::testing
