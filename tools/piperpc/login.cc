#include "tools/piperpc/login.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "piperpc/internal/visible_text.h"
#include "tools/piperpc/password.h"
#include "tools/piperpc/terminal_prompt.h"
#include "tools/shared/input.h"

namespace piperpc::cli {
namespace {

Outcome NoSuchUser(const std::string& user) {
  return absl::NotFoundError(
      absl::StrCat("no user \"", user, "\" on this server; give --register to register the name"));
}

// Somebody who typed the password is there to be asked; else who feeds standard input may be.
bool IsPersonThere(const Password& password) {
  return password.typed || tools::IsTerminal(tools::kStandardInput);
}

// OK: yes. NOT_FOUND: no, or there is nobody to say so.
Outcome AskWhetherToRegister(const std::string& user, const Password& password,
                             const CommandDeadline& deadline) {
  if (!IsPersonThere(password)) return NoSuchUser(user);
  const OutcomeOr<std::string> answer = AskQuestion(
      absl::StrCat("no user ", internal::VisibleLine(user), "; register it? [y/N] "), deadline);
  const bool given_up = deadline.stop().stop_requested() || deadline.over();
  if (!answer.ok() && given_up) return answer.outcome();
  if (!answer.ok()) return NoSuchUser(user);
  const bool yes = absl::EqualsIgnoreCase(*answer, "y") || absl::EqualsIgnoreCase(*answer, "yes");
  return yes ? Outcome() : NoSuchUser(user);
}

// A password that was mistyped while nobody could see it would be the user's from now on.
Outcome Confirm(const std::string& user, const Password& password,
                const CommandDeadline& deadline) {
  if (!password.typed) return Outcome();
  const OutcomeOr<std::string> again = AskPassword(
      absl::StrCat("Password for ", internal::VisibleLine(user), ", again: "), deadline);
  if (!again.ok()) return again.outcome();
  if (*again == password.text) return Outcome();
  return UsageError(
      absl::StrCat("the two passwords differ, so \"", user, "\" was not registered; try again"));
}

}  // namespace

OutcomeOr<MessagePtr> LogIn(Program& program, const LoginTerms& terms,
                            const CommandDeadline& deadline) {
  const OutcomeOr<Password> password =
      FindPassword(terms.user, terms.password_file, program.environment, deadline);
  if (!password.ok()) return password.outcome();
  if (!terms.may_register) {
    OutcomeOr<MessagePtr> reply = program.connection.Login(
        terms.user, password->text, Connection::UnknownUser::kRefuse, deadline);
    if (!reply.outcome().Is(absl::StatusCode::kNotFound)) return reply;
    const Outcome asked = AskWhetherToRegister(terms.user, *password, deadline);
    if (!asked.ok()) return asked;
  }
  const Outcome confirmed = Confirm(terms.user, *password, deadline);
  if (!confirmed.ok()) return confirmed;
  return program.connection.Login(terms.user, password->text, Connection::UnknownUser::kRegister,
                                  deadline);
}

Outcome LoginFirst(Program& program, const CommandDeadline& deadline) {
  const Settings& settings = program.settings;
  if (settings.user.empty()) return Outcome();
  const LoginTerms terms{settings.user, settings.password_file, settings.may_register};
  return LogIn(program, terms, deadline).outcome();
}

}  // namespace piperpc::cli
