#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "file_access.h"
#include "piperpc/peer.h"
#include "support/access_win32.h"

namespace services {
namespace {

using piperpc::testing::Descriptor;
using piperpc::testing::SetAccess;
using piperpc::testing::UsersOf;

constexpr char kSystem[] = "S-1-5-18";  // Which no access list keeps out.

std::filesystem::path PathOf(const std::string& utf8) {
  return std::u8string(utf8.begin(), utf8.end());
}

std::string Self() { return piperpc::OwnPeer().user; }

}  // namespace

bool IsForOwnerOnly(const std::string& path) {
  const std::vector<std::string> users = UsersOf(PathOf(path));
  return !users.empty() && std::all_of(users.begin(), users.end(), [](const std::string& user) {
    return user == Self() || user == kSystem;
  });
}

void LetOthersRead(const std::string& path) {
  SetAccess(PathOf(path), Descriptor("D:(A;OICI;FA;;;" + Self() + ")(A;OICI;FR;;;WD)"));
}

}  // namespace services
