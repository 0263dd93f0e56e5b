// One case against a real server, with a bystander who must not notice.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "conformance/server_case.h"
#include "support/test_service.h"
#include "support/wire_client.h"

namespace piperpc::conformance {

class ServerConformance : public ::testing::Test {
 public:
  ServerConformance(const ServerCase& tested, std::string transport);
  ~ServerConformance() override;

 private:
  using Client = testing::WireClient;
  using Frame = testing::OwnedFrame;

  void TestBody() override;
  void StartServer();
  void Meet(Client& bystander);  // Greets and is served.

  void Prepare(Client& offender);  // Brings its connection to where the case begins.
  void Offend(Client& offender);
  void ExpectAnswers(Client& offender);
  void Expect(Client& offender, const Expectation& expected);
  void ExpectGoaway(Client& offender, const Expectation& expected);
  void ExpectEnd(Client& offender);
  void ExpectReply(Client& offender, const Expectation& expected);
  void ExpectAlive(Client& offender);

  void ExpectServed(Client& bystander);
  void ExpectNothingKept(Client& bystander, std::size_t descriptors);

  const ServerCase& case_;
  const std::string transport_name_;
  std::unique_ptr<transport::Transport> transport_;
  testing::TestService service_;
  std::unique_ptr<Service> nodes_;
  std::string endpoint_;
  std::unique_ptr<Server> server_;
  std::uint64_t next_call_ = 1;  // Of the bystander.
};

// Makes every case a test of this program, over each transport of this system:
// Lengths/ServerConformance.HeaderLongerThanPacket/epoll.
void RegisterServerCases();

}  // namespace piperpc::conformance
