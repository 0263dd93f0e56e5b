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
constexpr int kKilled = 5;
constexpr char kCheck[] = "piperpc.v1.HealthService/Check";

class ManyClientsTest : public ServerTest {
 protected:
  // The fewest handles that the server has while client after client is served.
  std::size_t HandlesAtRest() {
    constexpr int kClients = 20;
    std::size_t least = server_->handles();
    for (int i = 0; i < kClients; ++i) {
      ExpectNextClientIsServed();
      least = std::min(least, server_->handles());
    }
    return least;
  }

  // Client after client is served until the server has no more handles than it had.
  void ExpectHandlesComeDownTo(std::size_t count) {
    constexpr int kAttempts = 500;
    std::size_t now = server_->handles();
    for (int i = 0; i < kAttempts && now > count && !HasFailure(); ++i) {
      ExpectNextClientIsServed();
      now = server_->handles();
    }
    EXPECT_LE(now, count);
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
  const std::size_t before = HandlesAtRest();
  for (int i = 0; i < kVanishing / 4; ++i) VanishInEachWay();
  ExpectNextClientIsServed();
  ExpectHandlesComeDownTo(before);
}

TEST_F(ManyClientsTest, ThoseKilledInTheMiddleOfAMessageOfOneMebibyteLeaveNothingBehind) {
  KillInTheMiddleOfAMessage();  // The server opens some things once, and keeps them.
  const std::size_t before = HandlesAtRest();
  for (int i = 0; i < kKilled; ++i) {
    KillInTheMiddleOfAMessage();
    ExpectNextClientIsServed();
  }
  ExpectHandlesComeDownTo(before);
}

}  // namespace
}  // namespace piperpc::interop
