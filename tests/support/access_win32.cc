#include "support/access_win32.h"

#include <aclapi.h>
#include <gtest/gtest.h>
#include <sddl.h>
#include <windows.h>

namespace piperpc::testing {
namespace {

std::string TextOf(PSID sid) {
  char* text = nullptr;
  EXPECT_TRUE(ConvertSidToStringSidA(sid, &text));
  std::string copy = text;
  LocalFree(text);
  return copy;
}

}  // namespace

Descriptor::Descriptor(const std::string& sddl) {
  PSECURITY_DESCRIPTOR made = nullptr;
  EXPECT_TRUE(ConvertStringSecurityDescriptorToSecurityDescriptorA(sddl.c_str(), SDDL_REVISION_1,
                                                                   &made, nullptr))
      << sddl;
  memory_.reset(made);
}

void Descriptor::Free::operator()(void* memory) const { LocalFree(memory); }

void SetAccess(const std::filesystem::path& path, const Descriptor& descriptor) {
  BOOL present = FALSE;
  BOOL defaulted = FALSE;
  PACL list = nullptr;
  GetSecurityDescriptorDacl(descriptor.get(), &present, &list, &defaulted);
  std::wstring name = path.wstring();
  EXPECT_EQ(SetNamedSecurityInfoW(name.data(), SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, nullptr,
                                  nullptr, list, nullptr),
            DWORD{ERROR_SUCCESS})
      << path;
}

std::vector<std::string> UsersOf(const std::filesystem::path& path) {
  PSECURITY_DESCRIPTOR memory = nullptr;
  PACL list = nullptr;
  EXPECT_EQ(GetNamedSecurityInfoW(path.c_str(), SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, nullptr,
                                  nullptr, &list, nullptr, &memory),
            DWORD{ERROR_SUCCESS})
      << path;
  std::vector<std::string> users;
  for (DWORD i = 0; list != nullptr && i < list->AceCount; ++i) {
    void* entry = nullptr;
    if (!GetAce(list, i, &entry)) continue;
    users.push_back(TextOf(&static_cast<ACCESS_ALLOWED_ACE*>(entry)->SidStart));
  }
  LocalFree(memory);
  return users;
}

bool UnderWine() {
  return GetProcAddress(GetModuleHandleW(L"ntdll.dll"), "wine_get_version") != nullptr;
}

}  // namespace piperpc::testing
