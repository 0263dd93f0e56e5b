// Calls of which one step fails, each step in turn: what must become of the call, of those after
// it, and of the server, whatever it is that fails.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "piperpc/client.h"
#include "piperpc/middleware.h"
#include "piperpc/raw_client.h"
#include "piperpc/server.h"
#include "piperpc/testing/endpoint.h"
#include "support/descriptors.h"
#include "support/each_fault.h"
#include "support/eventually.h"
#include "support/raw_forms.h"
#include "support/shapes_service.h"
#include "transport/each_transport.h"

namespace piperpc::testing {

// A sanitizer takes its time, and opens descriptors of its own.
#ifdef PIPERPC_FEW_FAULTS
inline constexpr bool kFew = true;
#else
inline constexpr bool kFew = false;
#endif

// What the calls of a client are known by, among their metadata.
inline constexpr char kNumber[] = "number";

// What the server has done, and how often.
class Ledger final : public ServerMiddleware {
 public:
  absl::Status Before(ServerContext& context) override {
    const std::lock_guard lock(mutex_);
    ++begun_[NumberOf(context)];
    return absl::OkStatus();
  }
  void After(ServerContext& context, const absl::Status& status) override {
    const std::lock_guard lock(mutex_);
    if (status.ok()) ++done_[NumberOf(context)];
  }

  int begun(const std::string& number) { return Count(begun_, number); }
  int done(const std::string& number) { return Count(done_, number); }

 private:
  using Counts = std::map<std::string, int>;

  static std::string NumberOf(const ServerContext& context) {
    for (const auto& [key, value] : context.metadata()) {
      if (key == kNumber) return value;
    }
    return "";
  }
  int Count(const Counts& counts, const std::string& number) {
    const std::lock_guard lock(mutex_);
    const auto found = counts.find(number);
    return found == counts.end() ? 0 : found->second;
  }

  std::mutex mutex_;
  Counts begun_;
  Counts done_;
};

// Something that fails once.
struct NamedFault {
  std::string name;
  std::function<void(std::size_t)> set;  // The step of that number fails, counted from 1.
  std::function<bool()> clear;           // None fails any more. True: one has.
  std::vector<absl::StatusCode> codes;  // What a call may end with. None: the call does not notice.
};

// What becomes of the call while it is in flight.
enum class Plan { kEnds, kIsStopped, kExpires, kLosesItsChannel, kLosesItsServer };

struct Scenario {
  Plan plan = Plan::kEnds;
  Strings requests;
  absl::StatusCode code = absl::StatusCode::kOk;  // Of the call that no fault meets.
};

class FaultRuns : public transport::EachTransport {
 protected:
  void Begin() override {
    descriptors_ = OpenDescriptors();
    StartServer();
  }

  // What the server and its clients use.
  virtual transport::Transport& used() { return *transport_; }

  void StartServer() {
    server_ =
        std::make_unique<Server>(ServerOptions{.middleware = {ledger_}, .transport = &used()});
    ASSERT_TRUE(server_->AddService(service_.service()).ok());
    const absl::Status status = server_->Start(endpoint_);
    ASSERT_TRUE(status.ok()) << status;
  }

  void StopServer() {
    if (server_ == nullptr) return;
    EXPECT_TRUE(Eventually([&] { return server_->stats().connections == 0; }));
    EXPECT_TRUE(server_->Shutdown(std::chrono::seconds(20)).clean());
    server_.reset();
  }

  void TearDown() override {
    StopServer();
    EXPECT_TRUE(kFew || Eventually([&] { return OpenDescriptors() <= descriptors_; }));
  }

  std::shared_ptr<Channel> NewChannel() {
    return Connect(endpoint_, {.default_timeout = std::chrono::seconds(60), .transport = &used()});
  }

  // One call, with the metadata that makes the server do as `scenario` says.
  CallResult Call(const NamedForm& form, const std::shared_ptr<Channel>& channel,
                  const Scenario& scenario, std::string& number) {
    number = std::to_string(++calls_);
    CallOptions options;
    options.metadata = {{kNumber, number}};
    if (scenario.plan == Plan::kEnds) {
      return form.call(RawClient(channel), form.method, scenario.requests, std::move(options));
    }
    options.metadata.emplace_back("wait", "");
    if (scenario.plan == Plan::kExpires) options.timeout = std::chrono::milliseconds(10);
    std::stop_source stop;
    if (scenario.plan == Plan::kIsStopped) options.stop = stop.get_token();
    const int waiting = service_.waiting.count();
    std::atomic<bool> ended = false;
    std::thread other([&] {
      EXPECT_TRUE(Eventually([&] { return ended || service_.waiting.count() > waiting; }));
      if (scenario.plan == Plan::kIsStopped) stop.request_stop();
      if (scenario.plan == Plan::kLosesItsChannel) channel->Close();
      if (scenario.plan == Plan::kLosesItsServer) server_->Shutdown(std::chrono::milliseconds(0));
    });
    CallResult result =
        form.call(RawClient(channel), form.method, scenario.requests, std::move(options));
    ended = true;
    other.join();
    return result;
  }

  void Check(const NamedForm& form, const Scenario& scenario, const CallResult& result,
             const std::string& number, const NamedFault& fault) {
    const absl::StatusCode code = result.status.code();
    EXPECT_LE(ledger_->begun(number), 1);
    if (code == absl::StatusCode::kOk) {
      EXPECT_EQ(scenario.code, code);
      EXPECT_EQ(result.replies, ExpectedReplies(form.method, scenario.requests));
      EXPECT_TRUE(Eventually([&] { return ledger_->done(number) == 1; }));
      return;
    }
    EXPECT_NE(result.status.message(), "") << result.status;
    EXPECT_TRUE(code == scenario.code || SaysOf(fault, result.status)) << result.status;
  }

  // `status` is one of those that such a fault may end a call with.
  static bool SaysOf(const NamedFault& fault, const absl::Status& status) {
    return std::find(fault.codes.begin(), fault.codes.end(), status.code()) != fault.codes.end();
  }

  // One operation fails. False: there were not so many.
  bool Run(const NamedForm& form, const Scenario& scenario, const NamedFault& fault,
           std::size_t at) {
    const auto channel = NewChannel();
    std::string number;
    fault.set(at);
    const CallResult first = Call(form, channel, scenario, number);
    Check(form, scenario, first, number, fault);
    const bool channel_lost = scenario.plan == Plan::kLosesItsChannel;
    const bool server_lost = scenario.plan == Plan::kLosesItsServer;
    if (!channel_lost && !server_lost) {
      const CallResult second = Call(form, channel, scenario, number);
      Check(form, scenario, second, number, fault);
    }
    const bool failed = fault.clear();
    if (server_lost) {
      server_.reset();
      StartServer();
    }
    EXPECT_TRUE(failed || first.status.code() == scenario.code) << first.status;
    if (!channel_lost) ExpectItServes(form, channel, fault);
    channel->Close();
    const absl::Status status = Call(form, NewChannel(), kPlain, number).status;
    EXPECT_TRUE(status.ok()) << status;
    return failed;
  }

  // The client may yet have to see that the connection is lost.
  void ExpectItServes(const NamedForm& form, const std::shared_ptr<Channel>& channel,
                      const NamedFault& fault) {
    std::string number;
    absl::Status status = Call(form, channel, kPlain, number).status;
    for (int left = 2; left > 0 && SaysOf(fault, status); --left) {
      status = Call(form, channel, kPlain, number).status;
    }
    EXPECT_TRUE(status.ok()) << status;
  }

  static std::vector<NamedForm> AllForms() { return kFew ? SomeForms() : RawForms(); }

  // One of each type of method, and each way to wait for the end.
  static std::vector<NamedForm> SomeForms() {
    const Strings few = {"Unary", "CoBidirectional"};
    const Strings some = {"Unary", "UnaryAsync", "ServerStreaming", "ClientStreamingAsync",
                          "CoBidirectional"};
    std::vector<NamedForm> forms;
    for (const NamedForm& form : RawForms()) {
      for (const std::string& name : kFew ? few : some) {
        if (form.name == name) forms.push_back(form);
      }
    }
    return forms;
  }

  void RunAll(const Scenario& scenario, const std::vector<NamedForm>& forms,
              const std::vector<NamedFault>& faults) {
    for (const NamedForm& form : forms) {
      for (const NamedFault& fault : faults) {
        runs_ += ForEachStep(form.name + ", " + fault.name,
                             [&](std::size_t at) { return Run(form, scenario, fault, at); });
        if (HasFailure()) return;
      }
    }
    RecordProperty("runs", std::to_string(runs_));
  }

  static inline const Scenario kPlain = {.requests = {"one", "two", "three"}};
  static inline const Scenario kLarge = {
      .requests = {std::string(200'000, 'a'), std::string(100'000, 'b'), "c"}};

  ShapesService service_;
  const std::shared_ptr<Ledger> ledger_ = std::make_shared<Ledger>();
  const std::string endpoint_ = UniqueEndpoint();
  std::size_t descriptors_ = 0;
  int calls_ = 0;
  std::size_t runs_ = 0;
  std::unique_ptr<Server> server_;
};

}  // namespace piperpc::testing
