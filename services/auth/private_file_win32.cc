#include <aclapi.h>
#include <sddl.h>
#include <windows.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "piperpc/internal/utf8.h"
#include "services/auth/private_file.h"

namespace services {
namespace {

namespace fs = std::filesystem;

struct FreeLocal {
  void operator()(void* memory) const { LocalFree(memory); }
};
template <typename T>
using LocalPtr = std::unique_ptr<T, FreeLocal>;

struct CloseAnyHandle {
  void operator()(void* handle) const { CloseHandle(handle); }
};
using Handle = std::unique_ptr<void, CloseAnyHandle>;

std::string NameOf(const fs::path& path) {
  const std::u8string name = path.u8string();
  return std::string(name.begin(), name.end());
}

absl::Status SystemError(DWORD error, const char* what, const fs::path& path) {
  const std::error_code code(static_cast<int>(error), std::system_category());
  const std::error_condition condition = code.default_error_condition();
  const bool known = condition.category() == std::generic_category();
  return absl::ErrnoToStatus(known ? condition.value() : EIO,
                             absl::StrCat(what, " ", NameOf(path), " (error ", error, ")"));
}

// What `path` is called where names are UTF-16.
absl::StatusOr<fs::path> WidePath(const std::string& path) {
  const std::optional<std::size_t> invalid = piperpc::internal::FindInvalidUtf8(path);
  if (!invalid.has_value()) return fs::path(std::u8string(path.begin(), path.end()));
  return absl::InvalidArgumentError(
      absl::StrCat("the name of a file is not UTF-8: invalid byte at offset ", *invalid));
}

// The user that this process runs as.
class OwnUser {
 public:
  // False: the system's last error says why.
  bool Find() {
    HANDLE token = nullptr;
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return false;
    const Handle closes(token);
    DWORD size = sizeof buffer_;
    return GetTokenInformation(token, TokenUser, buffer_, size, &size) != 0;
  }

  PSID sid() { return reinterpret_cast<TOKEN_USER*>(buffer_)->User.Sid; }

 private:
  alignas(TOKEN_USER) std::byte buffer_[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
};

// Full access for `user`, none for others, for a folder also in all that is made in it later, and
// nothing from the folder above. Null: the system's last error says why.
LocalPtr<void> OwnerOnly(PSID user) {
  wchar_t* text = nullptr;
  if (!ConvertSidToStringSidW(user, &text)) return nullptr;
  const LocalPtr<wchar_t> frees(text);
  const std::wstring sid = text;
  const std::wstring sddl = L"O:" + sid + L"D:P(A;OICI;FA;;;" + sid + L")";
  PSECURITY_DESCRIPTOR made = nullptr;
  ConvertStringSecurityDescriptorToSecurityDescriptorW(sddl.c_str(), SDDL_REVISION_1, &made,
                                                       nullptr);
  return LocalPtr<void>(made);
}

PACL AclOf(void* descriptor) {
  BOOL present = FALSE;
  BOOL defaulted = FALSE;
  PACL acl = nullptr;
  GetSecurityDescriptorDacl(descriptor, &present, &acl, &defaulted);
  return acl;
}

// The user, and those that no access list keeps out.
bool IsTrusted(PSID sid, PSID user) {
  return EqualSid(sid, user) || IsWellKnownSid(sid, WinLocalSystemSid) ||
         IsWellKnownSid(sid, WinBuiltinAdministratorsSid);
}

bool StandsForTheOwner(PSID sid) {
  return IsWellKnownSid(sid, WinCreatorOwnerSid) || IsWellKnownSid(sid, WinCreatorOwnerRightsSid);
}

bool GivesFilesToOthers(const ACE_HEADER& entry, PSID user) {
  if (entry.AceType == ACCESS_DENIED_ACE_TYPE || (entry.AceFlags & OBJECT_INHERIT_ACE) == 0) {
    return false;
  }
  if (entry.AceType != ACCESS_ALLOWED_ACE_TYPE) return true;  // Conditions, and the like.
  const auto& allowed = reinterpret_cast<const ACCESS_ALLOWED_ACE&>(entry);
  PSID sid = const_cast<DWORD*>(&allowed.SidStart);
  return !IsTrusted(sid, user) && !StandsForTheOwner(sid);
}

// Files that are made in a folder take over what it says about them. No list lets in everybody.
bool GivesFilesToOthers(PACL acl, PSID user) {
  if (acl == nullptr) return true;
  for (DWORD i = 0; i < acl->AceCount; ++i) {
    void* entry = nullptr;
    if (!GetAce(acl, i, &entry)) return true;
    if (GivesFilesToOthers(*static_cast<const ACE_HEADER*>(entry), user)) return true;
  }
  return false;
}

absl::Status CheckFolder(const fs::path& folder, PSID user) {
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  PACL acl = nullptr;
  const DWORD error =
      GetNamedSecurityInfoW(folder.c_str(), SE_FILE_OBJECT, DACL_SECURITY_INFORMATION, nullptr,
                            nullptr, &acl, nullptr, &descriptor);
  if (error != ERROR_SUCCESS) {
    return SystemError(error, "cannot read the access rules of the folder", folder);
  }
  const LocalPtr<void> frees(descriptor);
  if (!GivesFilesToOthers(acl, user)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the folder ", NameOf(folder),
                   " gives other users access to the files that are created in it; choose a folder "
                   "that does not exist yet, or one that only you can use"));
}

absl::Status MakeFolder(const fs::path& folder, SECURITY_ATTRIBUTES& attributes, PSID user) {
  if (CreateDirectoryW(folder.c_str(), &attributes)) return absl::OkStatus();
  const DWORD error = GetLastError();
  if (error != ERROR_ALREADY_EXISTS) return SystemError(error, "cannot create the folder", folder);
  return CheckFolder(folder, user);
}

absl::Status CheckRegularFile(HANDLE file, const fs::path& path) {
  BY_HANDLE_FILE_INFORMATION found = {};
  const bool on_disk = GetFileType(file) == FILE_TYPE_DISK;
  if (on_disk && !GetFileInformationByHandle(file, &found)) {
    return SystemError(GetLastError(), "cannot inspect", path);
  }
  constexpr DWORD kOtherThings = FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT;
  if (on_disk && (found.dwFileAttributes & kOtherThings) == 0) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(NameOf(path), " is not a regular file"));
}

// An owner can always let others in again.
absl::Status CheckOwner(HANDLE file, const fs::path& path, PSID user) {
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  PSID owner = nullptr;
  const DWORD error = GetSecurityInfo(file, SE_FILE_OBJECT, OWNER_SECURITY_INFORMATION, &owner,
                                      nullptr, nullptr, nullptr, &descriptor);
  if (error != ERROR_SUCCESS) return SystemError(error, "cannot inspect", path);
  const LocalPtr<void> frees(descriptor);
  if (owner != nullptr && IsTrusted(owner, user)) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(NameOf(path), " belongs to another user"));
}

// Who a file is for, and how it is told to the system.
class Owner {
 public:
  // `path`: what will be theirs.
  absl::Status Find(const fs::path& path) {
    if (!user_.Find()) return SystemError(GetLastError(), "cannot determine the owner for", path);
    descriptor_ = OwnerOnly(user_.sid());
    if (descriptor_ != nullptr) return absl::OkStatus();
    return SystemError(GetLastError(), "cannot determine the access rules for", path);
  }

  PSID sid() { return user_.sid(); }
  PACL acl() const { return AclOf(descriptor_.get()); }
  SECURITY_ATTRIBUTES attributes() const {
    return {sizeof(SECURITY_ATTRIBUTES), descriptor_.get(), FALSE};
  }

 private:
  OwnUser user_;
  LocalPtr<void> descriptor_;
};

// Never follows a link that somebody else has put there. Invalid: the system's last error says why.
HANDLE OpenFile(const fs::path& path, DWORD access, SECURITY_ATTRIBUTES* attributes, DWORD how) {
  return CreateFileW(path.c_str(), access | READ_CONTROL | FILE_READ_ATTRIBUTES,
                     FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, attributes, how,
                     FILE_ATTRIBUTE_NORMAL | FILE_FLAG_OPEN_REPARSE_POINT, nullptr);
}

absl::Status CheckFile(HANDLE file, const fs::path& path, PSID user) {
  absl::Status status = CheckRegularFile(file, path);
  return status.ok() ? CheckOwner(file, path, user) : status;
}

}  // namespace

absl::Status MakePrivateFile(const std::string& name) {
  const absl::StatusOr<fs::path> path = WidePath(name);
  if (!path.ok()) return path.status();
  Owner owner;
  absl::Status status = owner.Find(*path);
  if (!status.ok()) return status;
  SECURITY_ATTRIBUTES attributes = owner.attributes();
  const fs::path folder = path->has_parent_path() ? path->parent_path() : fs::path(".");
  status = MakeFolder(folder, attributes, owner.sid());
  if (!status.ok()) return status;
  const HANDLE opened = OpenFile(*path, 0, &attributes, OPEN_ALWAYS);
  if (opened == INVALID_HANDLE_VALUE) return SystemError(GetLastError(), "cannot open", *path);
  const Handle closes(opened);
  return CheckFile(opened, *path, owner.sid());
}

absl::Status RestrictToOwner(const std::string& name) {
  const absl::StatusOr<fs::path> path = WidePath(name);
  if (!path.ok()) return path.status();
  Owner owner;
  absl::Status status = owner.Find(*path);
  if (!status.ok()) return status;
  const HANDLE opened = OpenFile(*path, WRITE_DAC, nullptr, OPEN_EXISTING);
  if (opened == INVALID_HANDLE_VALUE) {
    const DWORD error = GetLastError();
    if (error == ERROR_FILE_NOT_FOUND) return absl::OkStatus();
    return SystemError(error, "cannot open", *path);
  }
  const Handle closes(opened);
  status = CheckFile(opened, *path, owner.sid());
  if (!status.ok()) return status;
  const DWORD error = SetSecurityInfo(
      opened, SE_FILE_OBJECT, DACL_SECURITY_INFORMATION | PROTECTED_DACL_SECURITY_INFORMATION,
      nullptr, nullptr, owner.acl(), nullptr);
  if (error != ERROR_SUCCESS) return SystemError(error, "cannot restrict access to", *path);
  return absl::OkStatus();
}

}  // namespace services
