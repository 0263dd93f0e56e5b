// One case against a real server, with a bystander who must not notice.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "conformance/live_server.h"
#include "conformance/server_case.h"
#include "support/wire_client.h"

namespace piperpc::conformance {

class ServerConformance : public ::testing::Test {
 public:
  ServerConformance(const ServerCase& tested, std::string transport)
      : case_(tested), transport_(std::move(transport)) {}
  static void TearDownTestSuite() { Shared().clear(); }

 private:
  using Client = testing::WireClient;
  using Frame = testing::OwnedFrame;

  // By their transports. They serve case after case, until one of them fails: to start and to stop
  // one takes some systems longer than all the rest.
  static std::map<std::string, std::unique_ptr<LiveServer>>& Shared();
  void SetUp() override;
  void TestBody() override;
  void TearDown() override;

  void Meet(Client& bystander);  // Greets and is served.

  void Prepare(Client& offender);  // Brings its connection to where the case begins.
  void Offend(Client& offender);
  void ExpectAnswers(Client& offender);
  void Expect(Client& offender, const Expectation& expected);
  void ExpectGoaway(Client& offender, const Expectation& expected);
  void ExpectEnd(Client& offender);
  void ExpectReply(Client& offender, const Expectation& expected);
  void ExpectAlive(Client& offender);

  void ExpectAlone();  // The bystander, with no call under way.
  void ExpectServed(Client& bystander);
  void ExpectNothingKept(Client& bystander, std::size_t descriptors);

  const ServerCase& case_;
  const std::string transport_;
  std::unique_ptr<LiveServer> own_;  // Of a case with limits of its own.
  LiveServer* server_ = nullptr;
  std::uint64_t next_call_ = 1;  // Of the bystander.
};

// Makes every case a test of this program, over each transport of this system:
// Lengths/ServerConformance.HeaderLongerThanPacket/epoll.
void RegisterServerCases();

}  // namespace piperpc::conformance
