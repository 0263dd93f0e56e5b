// One case against a real client, whose channel must work again afterwards.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/scripted_server.h"
#include "conformance/client_case.h"
#include "piperpc/raw_client.h"

namespace piperpc::conformance {

class ClientConformance : public ::testing::Test {
 public:
  ClientConformance(const ClientCase& tested, Form form, std::string transport)
      : case_(tested), form_(form), transport_(std::move(transport)) {}
  static void TearDownTestSuite() { Shared().clear(); }

 private:
  struct Outcome {
    absl::Status status;
    std::vector<std::string> replies;
  };

  // By their transports; for case after case, until one of them fails.
  static std::map<std::string, std::unique_ptr<ScriptedServer>>& Shared();
  void SetUp() override;
  void TestBody() override;
  void TearDown() override;

  // The call, on a thread of its own.
  std::future<Outcome> Begin();
  Outcome Make(const CallOptions& options);
  Outcome Take(absl::StatusOr<RawMessage> reply);
  template <typename Replies>
  Outcome ReadAll(Replies replies);
  Outcome AwaitReply(const CallOptions& options);
  Outcome AwaitMessages(const CallOptions& options);
  std::future<absl::StatusOr<RawMessage>> CallWell(const std::string& request);

  void ServeFirstCall();
  void Attack();
  void ServeElsewhere();
  void ExpectEnd(const Outcome& outcome);
  void ExpectGoaway();
  void ExpectClosed();
  void ExpectServed();  // The next call.

  const ClientCase& case_;
  const Form form_;
  const std::string transport_;
  ScriptedServer* server_ = nullptr;
  std::optional<ScriptedConnection> connection_;  // The last one.
  std::shared_ptr<Channel> channel_;
  std::atomic<int> ends_ = 0;  // How often the call has ended.
};

// Makes every case a test of this program, in each of its forms and over each transport of this
// system: Damage/ClientConformance.HeaderLongerThanPacketToACallback/epoll.
void RegisterClientCases();

}  // namespace piperpc::conformance
