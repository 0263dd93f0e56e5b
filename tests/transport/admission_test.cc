#include "src/transport/admission.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <string>

namespace piperpc::transport {
namespace {

Peer PeerOf(const std::string& user) {
  Peer peer;
  peer.user = user;
  return peer;
}

class AdmissionTest : public ::testing::Test, private Listener::Delegate {
 protected:
  ConnectionSlots::Slot Judge(const std::string& user) {
    Admission::Verdict verdict = admission_.Judge(PeerOf(user));
    EXPECT_FALSE(verdict.refusal.ok());
    return std::move(verdict.slot);
  }

  // As many as get a place.
  std::deque<ConnectionSlots::Slot> RefuseMany(const std::string& user) {
    std::deque<ConnectionSlots::Slot> slots;
    while (ConnectionSlots::Slot slot = Judge(user)) slots.push_back(std::move(slot));
    return slots;
  }

  Admission admission_{8, *this};

 private:
  absl::Status Admit(const Peer&) override { return absl::ResourceExhaustedError("too many"); }
  void OnConnect(std::unique_ptr<Pipe>) override {}
  void OnAcceptError(absl::Status) override {}
};

TEST_F(AdmissionTest, ManyWhoAreRefusedLeaveThoseOfOtherUsersToBeToldWhy) {
  auto loud = RefuseMany("loud");
  EXPECT_EQ(loud.size(), kMaxRefusedOfOneUser);
  EXPECT_TRUE(Judge("quiet"));
}

TEST_F(AdmissionTest, ThoseOfAllUsersTogetherAreLimited) {
  const auto first = RefuseMany("first");
  auto second = RefuseMany("second");
  EXPECT_EQ(first.size() + second.size(), kMaxRefusedConnections);
  EXPECT_FALSE(Judge("third"));
  second.pop_back();
  EXPECT_TRUE(Judge("third"));
}

TEST_F(AdmissionTest, APlaceIsTheUsersAgainWhenItsClientHasGone) {
  for (int round = 0; round < 3; ++round) {
    auto slots = RefuseMany("loud");
    EXPECT_EQ(slots.size(), kMaxRefusedOfOneUser);
    slots.pop_front();
    EXPECT_TRUE(Judge("loud"));
  }
}

}  // namespace
}  // namespace piperpc::transport
