// The program's connection to the server, and what the server's reflection says.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "piperpc/raw_client.h"
#include "tools/piperpc/command_deadline.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/requests.h"
#include "tools/piperpc/schema.h"
#include "tools/piperpc/settings.h"

namespace piperpc::cli {

// A usage error when no channel can be created with these settings.
Outcome CheckSettings(const Settings& settings);

// To be used on one thread; but calls on channel() may be made on any thread.
class Connection {
 public:
  explicit Connection(const Settings& settings);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const std::shared_ptr<Channel>& channel() const { return client_.channel(); }
  const Schema& schema() const { return schema_; }

  // The options of each call of a command.
  CallOptions OptionsOf(const CommandDeadline& deadline) const;

  // With --wait: waits until a server answers, also while one is being restarted. To be called
  // before each call, because the server may have ended since the last one. Without --wait:
  // nothing.
  Outcome AwaitServer(const CommandDeadline& deadline);

  // The names of the services, by the server's reflection.
  OutcomeOr<std::vector<std::string>> ListServices(const CommandDeadline& deadline);

  // The error for a server that has no `what`, such as "service", called `name`. Its text lists the
  // services that the server has.
  Outcome NotThere(absl::StatusCode code, std::string_view what, std::string_view name,
                   const CommandDeadline& deadline);

  // Adds the file of `symbol` to schema(). NOT_FOUND: the server does not know the symbol.
  Outcome Learn(const std::string& symbol, const CommandDeadline& deadline);

  // Adds the service of "package.Service/Method" to schema() and finds the method. UNIMPLEMENTED:
  // the server has no such service or method. A usage error when `name` is something else, for
  // example a service; the text says what, and lists the methods of a service.
  OutcomeOr<CallableMethod> FindMethod(std::string_view name, const CommandDeadline& deadline);

  // Opens a call of a method of any type: with one request, or, when `request` is null, with a
  // stream of requests.
  RawCall Open(const CallableMethod& method, const google::protobuf::Message* request,
               const CommandDeadline& deadline) const;

  // Makes one unary call.
  OutcomeOr<MessagePtr> CallUnary(const CallableMethod& method,
                                  const google::protobuf::Message& request,
                                  const CommandDeadline& deadline);

  // What the server should do with an unknown name.
  enum class UnknownUser { kRefuse, kRegister };

  // Logs in with auth.v1.AuthService/Login and returns its reply. NOT_FOUND: the user is unknown,
  // and `unknown` is kRefuse; a usage error when the server always registers unknown users. From
  // then on TakeReconnectNews() reports that the login was lost with its connection.
  OutcomeOr<MessagePtr> Login(const std::string& user, const std::string& password,
                              UnknownUser unknown, const CommandDeadline& deadline);

  // True when Login() has succeeded on the current connection.
  bool LoggedIn() const { return !user_.empty(); }

  // True when `method` is the one that Login() calls; when the server has it.
  bool IsLogin(const CallableMethod& method) const;
  bool HasLogin(const CommandDeadline& deadline);

  // The text to print when the connection was lost and opened again since the last time, with the
  // user who is no longer logged in; empty when it was not.
  std::string TakeReconnectNews();

 private:
  const Settings& settings_;
  const RawClient client_;
  Schema schema_;
  std::size_t connections_seen_ = 0;
  std::string user_;  // Logged in on the connection that was seen last.
};

}  // namespace piperpc::cli
