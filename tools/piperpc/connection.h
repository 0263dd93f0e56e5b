// The one connection of a program run, and what the server says of itself on it.
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

// A usage error: no channel could be made of what the flags say.
Outcome CheckSettings(const Settings& settings);

// Used by one thread, but for the channel, which takes calls from any.
class Connection {
 public:
  explicit Connection(const Settings& settings);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  const std::shared_ptr<Channel>& channel() const { return client_.channel(); }
  const Schema& schema() const { return schema_; }

  // What goes with each call of a command.
  CallOptions OptionsOf(const CommandDeadline& deadline) const;

  // With --wait: waits until a server answers, also through the end of one and the start of the
  // next. Before each call, so that what the call itself meets is not a server that has just gone.
  Outcome AwaitServer(const CommandDeadline& deadline);

  // From the server's reflection.
  OutcomeOr<std::vector<std::string>> ListServices(const CommandDeadline& deadline);

  // The error that the server does not have a `what`, such as a "service", of that name. It names
  // the services that there are.
  Outcome NotThere(absl::StatusCode code, std::string_view what, std::string_view name,
                   const CommandDeadline& deadline);

  // Makes schema() know `symbol`. NOT_FOUND: the server does not.
  Outcome Learn(const std::string& symbol, const CommandDeadline& deadline);

  // Learns the service of "package.Service/Method" and finds the method in it. UNIMPLEMENTED: the
  // server has no such service, or no such method in it. A usage error when `name` is no method but
  // something else that the server has; of a service it names the methods.
  OutcomeOr<CallableMethod> FindMethod(std::string_view name, const CommandDeadline& deadline);

  // Opens a call of any type of method on the channel, with one request, or, without, with a stream
  // of them.
  RawCall Open(const CallableMethod& method, const google::protobuf::Message* request,
               const CommandDeadline& deadline) const;

  // Makes one unary call.
  OutcomeOr<MessagePtr> CallUnary(const CallableMethod& method,
                                  const google::protobuf::Message& request,
                                  const CommandDeadline& deadline);

  // What the server makes of a name that it does not know.
  enum class UnknownUser { kRefuse, kRegister };

  // Logs in with auth.v1.AuthService/Login, and gives its reply. NOT_FOUND: the server does not
  // know the user, and `unknown` refuses that; a server that cannot refuse it is a usage error.
  // From then on TakeReconnectNews() tells when the connection that knew the user was replaced.
  OutcomeOr<MessagePtr> Login(const std::string& user, const std::string& password,
                              UnknownUser unknown, const CommandDeadline& deadline);

  // That a login of this program has been made on the connection.
  bool LoggedIn() const { return !user_.empty(); }

  // That `method` is the one that Login() calls; that the server has one.
  bool IsLogin(const CallableMethod& method) const;
  bool HasLogin(const CommandDeadline& deadline);

  // Once for each time that the connection was lost and opened again: the text to tell, with the
  // user who is no longer logged in. Empty: nothing happened.
  std::string TakeReconnectNews();

 private:
  const Settings& settings_;
  const RawClient client_;
  Schema schema_;
  std::size_t connections_seen_ = 0;
  std::string user_;  // Logged in on the connection that was seen last.
};

}  // namespace piperpc::cli
