#include "src/transport/win32/security.h"

#include <aclapi.h>
#include <sddl.h>

#include <array>
#include <cstdlib>
#include <utility>

#include "absl/strings/str_cat.h"
#include "piperpc/peer.h"
#include "src/base/wide_win32.h"
#include "src/transport/pipe.h"
#include "src/transport/win32/error.h"
#include "src/transport/win32/handle.h"

namespace piperpc::transport {
namespace {

// Well-known SIDs.
constexpr char kSystem[] = "S-1-5-18";
constexpr char kAdministrators[] = "S-1-5-32-544";

// Two packets of the largest size each way, so that a sender need not wait for each one. The memory
// is charged when it is used.
constexpr DWORD kBufferBytes = 2 * kMaxPacketBytes;

struct LocalMemory {
  void operator()(void* memory) const { ::LocalFree(memory); }
};

std::string SidText(PSID sid) {
  wchar_t* text = nullptr;
  if (!::ConvertSidToStringSidW(sid, &text)) return "";
  const std::unique_ptr<wchar_t, LocalMemory> owned(text);
  return base::ToUtf8(text);
}

// The user of a token as a SID; empty when the system does not say.
std::string UserOf(HANDLE token) {
  alignas(TOKEN_USER) std::array<char, sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE> buffer;
  DWORD size = 0;
  if (!::GetTokenInformation(token, TokenUser, buffer.data(), static_cast<DWORD>(buffer.size()),
                             &size)) {
    return "";
  }
  return SidText(reinterpret_cast<const TOKEN_USER*>(buffer.data())->User.Sid);
}

const std::string& OwnSid() {
  static const std::string sid = [] {
    HANDLE token = nullptr;
    if (!::OpenProcessToken(::GetCurrentProcess(), TOKEN_QUERY, &token)) return std::string();
    const UniqueHandle owned(token);
    return UserOf(token);
  }();
  return sid;
}

// The token that the client lets us have, and nothing when it is too early to ask.
absl::StatusOr<UniqueHandle> ClientToken(HANDLE pipe) {
  if (!::ImpersonateNamedPipeClient(pipe)) {
    const DWORD error = ::GetLastError();
    if (error == ERROR_CANNOT_IMPERSONATE) return UniqueHandle();
    return PipeError(error, "ImpersonateNamedPipeClient");
  }
  HANDLE token = nullptr;
  const DWORD error = ::OpenThreadToken(::GetCurrentThread(), TOKEN_QUERY, TRUE, &token)
                          ? ERROR_SUCCESS
                          : ::GetLastError();
  // To go on as the client would be worse than to end: RevertToSelf, Remarks.
  if (!::RevertToSelf()) std::abort();
  if (error != ERROR_SUCCESS) return PipeError(error, "OpenThreadToken");
  return UniqueHandle(token);
}

std::string Sddl(const Access& access) {
  const std::string& self = OwnSid();
  const std::string owner = absl::StrCat("O:", self, "G:", self);
  const std::string owner_rule = absl::StrCat("(A;;FA;;;", self, ")");
  switch (access.preset) {
    case Access::Preset::kOwner:
    case Access::Preset::kGroup:
      return absl::StrCat(owner, "D:P", owner_rule);
    case Access::Preset::kAuthenticatedUsers:
      return absl::StrCat(owner, "D:P", owner_rule, "(A;;FA;;;BA)(A;;0x", absl::Hex(kClientRights),
                          ";;;AU)");
    case Access::Preset::kRaw:
      break;
  }
  return absl::StrCat(access.raw.find("O:") == std::string::npos ? owner : "", access.raw);
}

// The rules that allow something, for whomever; those of directory objects and callbacks too.
bool AdmitsAnybody(PACL rules) {
  for (DWORD i = 0; i < rules->AceCount; ++i) {
    void* rule = nullptr;
    if (!::GetAce(rules, i, &rule)) continue;
    switch (static_cast<const ACE_HEADER*>(rule)->AceType) {
      case ACCESS_ALLOWED_ACE_TYPE:
      case ACCESS_ALLOWED_OBJECT_ACE_TYPE:
      case ACCESS_ALLOWED_CALLBACK_ACE_TYPE:
      case ACCESS_ALLOWED_CALLBACK_OBJECT_ACE_TYPE:
        return true;
      default:
        break;
    }
  }
  return false;
}

absl::Status CheckDescriptor(PSECURITY_DESCRIPTOR descriptor, const std::string& raw) {
  PSID owner = nullptr;
  PSID group = nullptr;
  PACL rules = nullptr;
  BOOL present = FALSE;
  BOOL defaulted = FALSE;
  ::GetSecurityDescriptorOwner(descriptor, &owner, &defaulted);
  ::GetSecurityDescriptorGroup(descriptor, &group, &defaulted);
  ::GetSecurityDescriptorDacl(descriptor, &present, &rules, &defaulted);
  if (owner == nullptr || group == nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("access \"", raw, "\": give both an owner and a group, or neither"));
  }
  if (!present || rules == nullptr) {  // It would let everybody do everything.
    return absl::InvalidArgumentError(
        absl::StrCat("access \"", raw, "\": it has no access rules (D:)"));
  }
  if (!AdmitsAnybody(rules)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "access \"", raw, "\": nobody could connect, because none of its rules allows ",
        "anything; add one, as in \"D:P(A;;FA;;;OW)\""));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> OwnerOf(HANDLE pipe) {
  PSID owner = nullptr;
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  const DWORD error = ::GetSecurityInfo(pipe, SE_KERNEL_OBJECT, OWNER_SECURITY_INFORMATION, &owner,
                                        nullptr, nullptr, nullptr, &descriptor);
  if (error != ERROR_SUCCESS) return PipeError(error, "GetSecurityInfo");
  const std::unique_ptr<void, LocalMemory> owned(descriptor);
  return SidText(owner);
}

bool IsTrusted(const std::string& server) {
  return server == OwnSid() || server == kSystem || server == kAdministrators;
}

std::int64_t PidOf(BOOL (*WINAPI ask)(HANDLE, PULONG), HANDLE pipe) {
  ULONG pid = 0;
  return ask(pipe, &pid) ? std::int64_t{pid} : -1;
}

}  // namespace

absl::StatusOr<PipeSecurity> PipeSecurity::For(const Access& access) {
  if (OwnSid().empty()) return absl::InternalError("cannot determine the user of this process");
  const std::string sddl = Sddl(access);
  PSECURITY_DESCRIPTOR descriptor = nullptr;
  if (!::ConvertStringSecurityDescriptorToSecurityDescriptorW(
          base::ToWide(sddl).c_str(), SDDL_REVISION_1, &descriptor, nullptr)) {
    return absl::InvalidArgumentError(
        absl::StrCat("access \"", access.raw,
                     "\": on this system it must be a security descriptor in SDDL, as in "
                     "\"D:P(A;;FA;;;OW)\": ",
                     ErrorText(::GetLastError())));
  }
  PipeSecurity security(descriptor);
  if (absl::Status status = CheckDescriptor(descriptor, access.raw); !status.ok()) return status;
  if (access.remote_clients) security.reject_remote_ = PIPE_ACCEPT_REMOTE_CLIENTS;
  return security;
}

PipeCalls::NewInstance PipeSecurity::NewInstance(const Endpoint& endpoint, bool first) const {
  return {.name = base::ToWide(endpoint.address()),
          .open_mode = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED |
                       (first ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0u),
          .pipe_mode = PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT | reject_remote_,
          .max_instances = PIPE_UNLIMITED_INSTANCES,
          .buffer_bytes = kBufferBytes,
          .security = {.nLength = sizeof(SECURITY_ATTRIBUTES),
                       .lpSecurityDescriptor = descriptor_.get(),
                       .bInheritHandle = FALSE}};
}

absl::StatusOr<Peer> PipeSecurity::CheckClient(HANDLE pipe) const {
  Peer peer;
  peer.pid = PidOf(&::GetNamedPipeClientProcessId, pipe);
  const absl::StatusOr<UniqueHandle> token = ClientToken(pipe);
  if (!token.ok()) return token.status();
  if (!*token) return peer;
  peer.user = UserOf(token->get());
  if (absl::Status status = CheckToken(token->get(), peer.user); !status.ok()) return status;
  return peer;
}

absl::Status PipeSecurity::CheckToken(HANDLE token, const std::string& user) const {
  constexpr DWORD kNeeded = FILE_READ_DATA | FILE_WRITE_DATA;
  GENERIC_MAPPING mapping = {.GenericRead = FILE_GENERIC_READ,
                             .GenericWrite = FILE_GENERIC_WRITE,
                             .GenericExecute = FILE_GENERIC_EXECUTE,
                             .GenericAll = FILE_ALL_ACCESS};
  PRIVILEGE_SET privileges = {};
  DWORD privileges_bytes = sizeof(privileges);
  DWORD granted = 0;
  BOOL allowed = FALSE;
  if (!::AccessCheck(descriptor_.get(), token, kNeeded, &mapping, &privileges, &privileges_bytes,
                     &granted, &allowed)) {
    return PipeError(::GetLastError(), "AccessCheck");
  }
  if (allowed) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("the pipe's access rules do not admit the user ", user));
}

PipeCalls::OpenPipe OpenArguments(const Endpoint& endpoint) {
  return {.name = base::ToWide(endpoint.address()),
          .access = kClientRights,
          .share = 0,
          .flags = FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION};
}

absl::StatusOr<Peer> CheckServer(HANDLE pipe, const Endpoint& endpoint) {
  Peer peer;
  peer.pid = PidOf(&::GetNamedPipeServerProcessId, pipe);
  absl::StatusOr<std::string> owner = OwnerOf(pipe);
  if (owner.ok()) peer.user = *std::move(owner);
  if (!endpoint.is_short_name() || IsTrusted(peer.user)) return peer;
  return absl::PermissionDeniedError(absl::StrCat(
      "the server at ", endpoint.ToString(), " is run by the user ",
      peer.user.empty() ? "unknown" : peer.user, "; at a short name the user ", OwnSid(),
      " trusts only servers of itself, of the administrators and of the system"));
}

}  // namespace piperpc::transport

namespace piperpc {

Peer OwnPeer() {
  return {.pid = std::int64_t{::GetCurrentProcessId()}, .user = transport::OwnSid(), .group = {}};
}

}  // namespace piperpc
