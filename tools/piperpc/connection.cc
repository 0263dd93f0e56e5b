#include "tools/piperpc/connection.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "piperpc/v1/health.piperpc.h"
#include "piperpc/v1/reflection.piperpc.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/field_value.h"
#include "tools/piperpc/server_wait.h"

namespace piperpc::cli {
namespace {

constexpr char kLogin[] = "auth.v1.AuthService/Login";
constexpr std::chrono::milliseconds kDefaultWait{30000};

ChannelOptions OptionsFor(const Settings& settings) {
  ChannelOptions options;
  options.backend = settings.backend;
  options.allow_unprotected_abstract_socket = settings.allow_abstract;
  options.max_message_bytes = settings.max_message_bytes;
  return options;
}

// A server may have no reflection; then its UNIMPLEMENTED would point at the wrong thing.
Outcome ExplainReflection(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kUnimplemented) return status;
  return absl::UnimplementedError(
      "the server has no piperpc.v1.ReflectionService, so its methods cannot be looked up; add "
      "piperpc::BuiltinServices to it (CMake target piperpc::builtin)");
}

// A server may have any number of them.
std::string SomeOf(const std::vector<std::string>& services) {
  constexpr std::size_t kMost = 20;
  if (services.empty()) return "none";
  const std::size_t shown = std::min(services.size(), kMost);
  const std::string text =
      absl::StrJoin(services.begin(), services.begin() + static_cast<std::ptrdiff_t>(shown), ", ");
  if (shown == services.size()) return text;
  return absl::StrCat(text, ", and ", services.size() - shown, " more (see piperpc list)");
}

Outcome FillLogin(const std::string& user, const std::string& password,
                  google::protobuf::Message& request) {
  Outcome status = CheckUtf8("the user's name", user);
  if (status.ok()) status = CheckUtf8("the password", password);
  if (!status.ok()) return status;
  Assignments fields(request);
  status = fields.Add(absl::StrCat("username=", user));
  if (status.ok()) status = fields.Add(absl::StrCat("password=", password));
  if (status.ok()) return status;
  return absl::InternalError("the server's Login does not take a username and a password");
}

Outcome RefuseUnknownUser(google::protobuf::Message& request) {
  if (Assignments(request).Add("existing_only=true").ok()) return Outcome();
  return UsageError(
      "this server registers every new name that logs in; give --register to allow that");
}

}  // namespace

Outcome CheckSettings(const Settings& settings) {
  const absl::Status status = CheckChannel(settings.endpoint, OptionsFor(settings));
  return status.ok() ? Outcome() : UsageError(std::string(status.message()));
}

Connection::Connection(const Settings& settings)
    : settings_(settings), client_(Connect(settings.endpoint, OptionsFor(settings))) {}

CallOptions Connection::OptionsOf(const CommandDeadline& deadline) const {
  CallOptions options;
  options.timeout = deadline.left();
  if (settings_.wait) options.wait_for_ready = deadline.left().value_or(kDefaultWait);
  options.stop = deadline.stop();
  options.metadata = settings_.metadata;
  return options;
}

// Any other answer, "no such service" too, is one of a server that is there.
Outcome Connection::AwaitServer(const CommandDeadline& deadline) {
  if (!settings_.wait) return Outcome();
  const CommandDeadline limited = deadline.Within(kDefaultWait);
  v1::HealthClient client(channel());
  const Outcome met = RepeatUntilThere(limited, [&]() -> Outcome {
    return client.Check(v1::CheckRequest(), OptionsOf(limited)).status();
  });
  if (deadline.stop().stop_requested()) return InterruptedError();
  return met.Is(absl::StatusCode::kDeadlineExceeded) ? met : Outcome();
}

OutcomeOr<std::vector<std::string>> Connection::ListServices(const CommandDeadline& deadline) {
  const Outcome there = AwaitServer(deadline);
  if (!there.ok()) return there;
  v1::ReflectionClient client(channel());
  const absl::StatusOr<v1::ListServicesResponse> response =
      client.ListServices(v1::ListServicesRequest(), OptionsOf(deadline));
  if (!response.ok()) return ExplainReflection(response.status());
  return std::vector<std::string>(response->services().begin(), response->services().end());
}

Outcome Connection::Learn(const std::string& symbol, const CommandDeadline& deadline) {
  const Outcome checked = CheckUtf8("the symbol", symbol);
  if (!checked.ok() || schema_.Has(symbol)) return checked;
  const Outcome there = AwaitServer(deadline);
  if (!there.ok()) return there;
  v1::ReflectionClient client(channel());
  v1::GetFileDescriptorsRequest request;
  request.set_symbol(symbol);
  const absl::StatusOr<v1::GetFileDescriptorsResponse> response =
      client.GetFileDescriptors(request, OptionsOf(deadline));
  if (!response.ok()) return ExplainReflection(response.status());
  return schema_.AddFiles({response->files().begin(), response->files().end()});
}

Outcome Connection::NotThere(absl::StatusCode code, std::string_view what, std::string_view name,
                             const CommandDeadline& deadline) {
  std::string text =
      absl::StrCat("no ", std::string(what), " \"", std::string(name), "\" on this server");
  const OutcomeOr<std::vector<std::string>> services = ListServices(deadline);
  if (services.ok()) absl::StrAppend(&text, "; it has the services ", SomeOf(*services));
  return absl::Status(code, text);
}

OutcomeOr<CallableMethod> Connection::FindMethod(std::string_view name,
                                                 const CommandDeadline& deadline) {
  const std::string symbol = SymbolOf(name);
  const std::size_t dot = symbol.rfind('.');
  if (dot == std::string::npos) {
    return UsageError(absl::StrCat("\"", std::string(name), "\" is not a SERVICE/METHOD such as ",
                                   "upper.v1.UpperService/Uppercase"));
  }
  const std::string service = symbol.substr(0, dot);
  Outcome learned = Learn(service, deadline);
  if (learned.ok() && schema_.KindOf(service) == "service") return schema_.FindMethod(name);
  // It may be something else that the server has, such as a service alone.
  if (learned.ok() || learned.Is(absl::StatusCode::kNotFound)) learned = Learn(symbol, deadline);
  if (learned.ok() && !schema_.KindOf(symbol).empty()) return schema_.NotAMethod(symbol);
  if (!learned.ok() && !learned.Is(absl::StatusCode::kNotFound)) return learned;
  return NotThere(absl::StatusCode::kUnimplemented, "service", service, deadline);
}

OutcomeOr<MessagePtr> Connection::CallUnary(const CallableMethod& method,
                                            const google::protobuf::Message& request,
                                            const CommandDeadline& deadline) {
  const Outcome there = AwaitServer(deadline);
  if (!there.ok()) return there;
  const absl::StatusOr<RawMessage> reply =
      client_.Unary(method.name, BytesOf(request), OptionsOf(deadline));
  if (!reply.ok()) return reply.status();
  MessagePtr response = schema_.NewMessage(*method.descriptor->output_type());
  const Outcome parsed = schema_.ParseReply(reply->bytes, *response);
  if (!parsed.ok()) return parsed;
  return response;
}

RawCall Connection::Open(const CallableMethod& method, const google::protobuf::Message* request,
                         const CommandDeadline& deadline) const {
  const CallOptions options = OptionsOf(deadline);
  return request == nullptr ? client_.OpenWithStream(method.name, options)
                            : client_.OpenWithRequest(method.name, BytesOf(*request), options);
}

OutcomeOr<MessagePtr> Connection::Login(const std::string& user, const std::string& password,
                                        UnknownUser unknown, const CommandDeadline& deadline) {
  const OutcomeOr<CallableMethod> method = FindMethod(kLogin, deadline);
  if (!method.ok()) return method.outcome();
  const MessagePtr request = schema_.NewMessage(*method->descriptor->input_type());
  Outcome set = FillLogin(user, password, *request);
  if (set.ok() && unknown == UnknownUser::kRefuse) set = RefuseUnknownUser(*request);
  if (!set.ok()) return set;
  OutcomeOr<MessagePtr> response = CallUnary(*method, *request, deadline);
  if (response.ok()) {
    user_ = user;
    connections_seen_ = channel()->connections_made();
  }
  return response;
}

bool Connection::IsLogin(const CallableMethod& method) const { return method.name == kLogin; }

bool Connection::HasLogin(const CommandDeadline& deadline) {
  return FindMethod(kLogin, deadline).ok();
}

std::string Connection::TakeReconnectNews() {
  const std::size_t before = std::exchange(connections_seen_, channel()->connections_made());
  if (before == 0 || before == connections_seen_) return "";
  const std::string user = std::exchange(user_, "");
  return absl::StrCat("the connection was lost and opened again",
                      user.empty() ? "" : absl::StrCat("; ", user, " is no longer logged in"));
}

}  // namespace piperpc::cli
