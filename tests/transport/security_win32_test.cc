// Who may connect, and whom a client trusts: what Windows is told, and what we check ourselves.
// That Windows enforces what it is told was not to be seen under Wine.
#include <aclapi.h>
#include <gmock/gmock.h>
#include <sddl.h>

#include "named_pipe_fixture_win32.h"
#include "piperpc/peer.h"
#include "src/base/wide_win32.h"

namespace piperpc::transport {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr DWORD kCreateInstance = FILE_APPEND_DATA;  // FILE_CREATE_PIPE_INSTANCE

std::string DaclOf(const PipeCalls::NewInstance& instance) {
  wchar_t* text = nullptr;
  EXPECT_TRUE(::ConvertSecurityDescriptorToStringSecurityDescriptorW(
      instance.security.lpSecurityDescriptor, SDDL_REVISION_1,
      OWNER_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &text, nullptr));
  const std::string sddl = base::ToUtf8(text);
  ::LocalFree(text);
  return sddl;
}

class SecurityTest : public NamedPipeTest {
 protected:
  PipeCalls::NewInstance ListenedWith(const Access& access) {
    Listen({.access = access});
    return calls_.created().front();
  }
  // The descriptor lives as long as the listener.
  std::string DaclFor(Access::Preset preset, const std::string& raw = "") {
    return DaclOf(ListenedWith({.preset = preset, .raw = raw}));
  }
};

TEST_F(SecurityTest, OnlyTheFirstInstanceClaimsTheName) {
  Listen({.waiting_instances = 3});
  const auto created = calls_.created();
  ASSERT_EQ(created.size(), 3u);
  EXPECT_NE(created[0].open_mode & FILE_FLAG_FIRST_PIPE_INSTANCE, 0u);
  EXPECT_EQ(created[1].open_mode & FILE_FLAG_FIRST_PIPE_INSTANCE, 0u);
  EXPECT_EQ(created[2].open_mode & FILE_FLAG_FIRST_PIPE_INSTANCE, 0u);
}

TEST_F(SecurityTest, EveryInstanceKeepsMessagesAndRefusesOtherMachines) {
  Listen({.waiting_instances = 2});
  for (const PipeCalls::NewInstance& instance : calls_.created()) {
    EXPECT_EQ(instance.open_mode & ~DWORD{FILE_FLAG_FIRST_PIPE_INSTANCE},
              DWORD{PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED});
    EXPECT_EQ(instance.pipe_mode,
              DWORD{PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_REJECT_REMOTE_CLIENTS});
    EXPECT_FALSE(instance.security.bInheritHandle);
  }
}

TEST_F(SecurityTest, OtherMachinesMayComeWhereTheyAreAskedFor) {
  EXPECT_EQ(ListenedWith({.remote_clients = true}).pipe_mode & PIPE_REJECT_REMOTE_CLIENTS, 0u);
}

TEST_F(SecurityTest, TheOwnerAloneMayConnectByDefault) {
  const std::string self = OwnPeer().user;
  const std::string sddl = DaclFor(Access::Preset::kOwner);
  EXPECT_THAT(sddl, HasSubstr("O:" + self));
  EXPECT_THAT(sddl, HasSubstr("D:P(A;;FA;;;" + self + ")"));
  EXPECT_EQ(sddl.find('('), sddl.rfind('(')) << "more than one rule: " << sddl;
}

TEST_F(SecurityTest, TheGroupIsTheOwnerHere) {
  const std::string sddl = DaclFor(Access::Preset::kGroup);
  EXPECT_EQ(sddl.find('('), sddl.rfind('(')) << "more than one rule: " << sddl;
}

TEST_F(SecurityTest, AuthenticatedUsersReadAndWriteAndAdministratorsDoAll) {
  const std::string sddl = DaclFor(Access::Preset::kAuthenticatedUsers);
  EXPECT_THAT(sddl, HasSubstr("(A;;FA;;;BA)"));
  EXPECT_THAT(sddl, HasSubstr("(A;;0x12019b;;;AU)"));
  EXPECT_EQ(0x12019bu & kCreateInstance, 0u);
}

TEST_F(SecurityTest, ADescriptorOfOnesOwnIsTakenAsItIs) {
  const std::string sddl = DaclFor(Access::Preset::kRaw, "D:P(A;;FA;;;WD)");
  EXPECT_THAT(sddl, HasSubstr("O:" + OwnPeer().user));
  EXPECT_THAT(sddl, HasSubstr("D:P(A;;FA;;;WD)"));
}

TEST_F(SecurityTest, ADescriptorThatIsNoneIsRefusedWithItsText) {
  for (const char* raw : {"0660", "D:(A;;nonsense;;;WD)", "O:BAD:P(A;;FA;;;WD)", "O:BAG:BA", "D:P",
                          "D:P(D;;FA;;;WD)"}) {
    const absl::Status status = TryListen({.access = {Access::Preset::kRaw, raw}});
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    EXPECT_THAT(std::string(status.message()), HasSubstr(raw));
  }
}

TEST_F(SecurityTest, AClientAsksForWhatItNeedsAndMayBeIdentifiedButNotActedFor) {
  Listen();
  Connect();
  const PipeCalls::OpenPipe opened = calls_.opened().front();
  EXPECT_EQ(opened.access, 0x12019bu);
  EXPECT_EQ(opened.access & kCreateInstance, 0u);
  EXPECT_EQ(opened.share, 0u);
  EXPECT_EQ(opened.flags,
            DWORD{FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION});
}

TEST_F(SecurityTest, AClientWhoseTokenTheRulesDoNotAdmitIsTurnedAway) {
  Listen({.access = {Access::Preset::kRaw, "D:P(A;;FA;;;BG)"}});
  auto refused = TryConnect();
  if (refused.ok()) {  // Windows itself has let it in; Wine does.
    End client(*std::move(refused));
    EXPECT_EQ(client.ReceiveUntil(Soon()).status().code(), absl::StatusCode::kUnavailable);
  } else {
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kPermissionDenied) << refused.status();
  }
  loop_.Do([] {});
  EXPECT_TRUE(server_->acceptor().empty());
}

TEST_F(SecurityTest, AServerOfAnotherUserIsNotTrustedBehindAShortName) {
  const absl::Status listening =
      TryListen({.access = {Access::Preset::kRaw, "O:BGG:BGD:P(A;;FA;;;WD)"}});
  if (!listening.ok()) GTEST_SKIP() << "no pipe can be made in another's name: " << listening;
  const absl::Status status = TryConnect().status();
  EXPECT_EQ(status.code(), absl::StatusCode::kPermissionDenied) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("S-1-5-32-546"));
  EXPECT_THAT(std::string(status.message()), HasSubstr(OwnPeer().user));
}

TEST_F(SecurityTest, AServerOfAnotherUserIsTheCallersChoiceBehindAFullName) {
  endpoint_ = *Endpoint::Parse(endpoint_.address());
  const absl::Status listening =
      TryListen({.access = {Access::Preset::kRaw, "O:BGG:BGD:P(A;;FA;;;WD)"}});
  if (!listening.ok()) GTEST_SKIP() << "no pipe can be made in another's name: " << listening;
  EXPECT_EQ(Connect()->peer().user, "S-1-5-32-546");
}

TEST_F(SecurityTest, AServerListensOnItsOwnMachineOnly) {
  endpoint_ = *Endpoint::Parse(R"(\\elsewhere\pipe\piperpc-test)");
  const absl::Status status = TryListen();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr(R"(\\elsewhere\pipe\piperpc-test)"));
}

}  // namespace
}  // namespace piperpc::transport
