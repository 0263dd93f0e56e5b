// Many clients at once, and clients that go in every way there is.
#include <gtest/gtest.h>

#include <algorithm>
#include <list>
#include <string>

#include "interop/connection_win32.h"
#include "interop/server_fixture_win32.h"

namespace piperpc::interop {
namespace {

constexpr int kConnected = 1000;
constexpr int kVanishing = 500;
constexpr int kKilled = 20;
constexpr std::size_t kOfLocks = 10;  // Locks take a handle when threads first meet at them.
constexpr char kCheck[] = "piperpc.v1.HealthService/Check";

class ManyClientsTest : public ServerTest {
 protected:
  struct Open {
    DWORD instances;
    std::size_t handles;
  };
  // While a client is served.
  Open Now() {
    Connection client(name_);
    client.Call(kCheck, "", {HelloFrame()});
    return {.instances = client.pipe().instances(), .handles = server_->handles()};
  }

  // The fewest while client after client is served.
  Open AtRest() {
    constexpr int kClients = 20;
    Open least = Now();
    for (int i = 0; i < kClients; ++i) {
      const Open now = Now();
      least = {std::min(least.instances, now.instances), std::min(least.handles, now.handles)};
    }
    return least;
  }

  // Client after client is served until the server has no more instances than it had, and few
  // more handles.
  void ExpectComesDownTo(const Open& before) {
    constexpr int kAttempts = 100;
    Open now = Now();
    for (int i = 0; i < kAttempts && !HasFailure(); ++i) {
      if (now.instances <= before.instances && now.handles <= before.handles + kOfLocks) break;
      now = Now();
    }
    EXPECT_LE(now.instances, before.instances);
    EXPECT_LE(now.handles, before.handles + kOfLocks);
  }

  void Vanish() { ::CloseHandle(OpenWhenFree(name_, GENERIC_READ | GENERIC_WRITE, 0)); }
  void WriteAndVanish(const std::string& bytes) { RawPipe(name_).Write(bytes); }

  void VanishInEachWay() {
    Vanish();
    WriteAndVanish(HelloFrame());
    WriteAndVanish(HelloFrame() + Encode(RequestHeader(1, kCheck)));
    WriteAndVanish(HelloFrame().substr(0, 20));
  }

  void KillInTheMiddleOfAMessage() {
    Child client(HALF_MESSAGE_PROGRAM, {name_});
    EXPECT_EQ(client.NextLine(), "HALF");
    client.Kill();
  }
};

TEST_F(ManyClientsTest, AThousandAreConnectedAtOnceAndEachGetsItsAnswers) {
  StartServer({"--max-connections-per-user", std::to_string(kConnected + 10)});
  std::list<Connection> clients;
  for (int i = 0; i < kConnected; ++i) {
    Connection& client = clients.emplace_back(name_);
    client.Send({HelloFrame(), Encode(RequestHeader(client.NewId(), kCheck))});
  }
  int first = 0;
  for (Connection& client : clients) {
    if (client.WaitResponse(1).header.call_id() == 1) ++first;
  }
  EXPECT_EQ(first, kConnected);
  EXPECT_GE(clients.front().pipe().instances(), DWORD{kConnected});
  EXPECT_GE(server_->handles(), std::size_t{kConnected});

  // They are all connected still, and served a second time.
  int second = 0;
  for (Connection& client : clients) {
    const Frame answer = client.Call(kCheck, "");
    if (answer.header.call_id() == 2 && !answer.header.has_status()) ++second;
  }
  EXPECT_EQ(second, kConnected);
}

TEST_F(ManyClientsTest, FiveHundredThatConnectAndVanishLeaveTheListenerWorking) {
  VanishInEachWay();  // The server opens some things once, and keeps them.
  const Open before = AtRest();
  for (int i = 0; i < kVanishing / 4; ++i) VanishInEachWay();
  ExpectNextClientIsServed();
  ExpectComesDownTo(before);
}

TEST_F(ManyClientsTest, ThoseKilledInTheMiddleOfAMessageOfOneMebibyteLeaveNothingBehind) {
  KillInTheMiddleOfAMessage();  // The server opens some things once, and keeps them.
  const Open before = AtRest();
  for (int i = 0; i < kKilled; ++i) {
    KillInTheMiddleOfAMessage();
    ExpectNextClientIsServed();
  }
  ExpectComesDownTo(before);
}

}  // namespace
}  // namespace piperpc::interop
