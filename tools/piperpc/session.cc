#include <cstdio>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "piperpc/internal/visible_text.h"
#include "tools/piperpc/background_streams.h"
#include "tools/piperpc/commands.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/invoke.h"
#include "tools/piperpc/login.h"
#include "tools/piperpc/usage.h"
#include "tools/piperpc/words.h"
#include "tools/shared/flags.h"
#include "tools/shared/input.h"

namespace piperpc::cli {
namespace {

// Flags may stand among the words of this one.
constexpr Usage kLogin = {"login", "NAME [--password-file FILE] [--register]",
                          "log in on this connection (--register: also with a new name)", 1, 1};

class Session {
 public:
  static std::string CommandHelp() {
    constexpr std::size_t kSummaryColumn = 37;
    std::string text;
    for (const Entry& entry : Entries()) {
      absl::StrAppend(&text, text.empty() ? "" : "\n", HelpLine("  ", entry.usage, kSummaryColumn));
    }
    return text;
  }

  // `stop` ends a script as a whole; a person who presses Ctrl-C means the line.
  Session(Program& program, std::stop_token stop)
      : program_(program),
        stop_(std::move(stop)),
        interactive_(tools::IsTerminal(tools::kStandardInput)),
        streams_(program.connection, program.output) {
    program.in_session = true;
  }

  int Run() {
    while (!quit_ && ReadLine()) RunLine();
    streams_.StopAll();
    // Of what streams wrote, which nobody has been told of.
    if (exit_code_ == kExitOk) Note(Report(program_.output.status(), CommandDeadline()));
    return exit_code_ != kExitOk ? exit_code_ : streams_.exit_code();
  }

 private:
  using Handler = Outcome (Session::*)(const Words& words, const CommandDeadline& deadline);
  struct Entry {
    Usage usage;
    Handler handler;
    bool counts_words = false;  // The handler takes its words apart first.
  };

  static std::span<const Entry> Entries() {
    static constexpr Entry kEntries[] = {
        {{"call", "SERVICE/METHOD [REQUEST...]", "make a call and print its replies", 1,
          kAnyNumber},
         &Session::CallNow},
        {{"start", "SERVICE/METHOD [REQUEST...]", "open a stream that runs in the background", 1,
          kAnyNumber},
         &Session::Start},
        {{"send", "TAG [REQUEST]", "send one more message on the stream TAG", 1, kAnyNumber},
         &Session::Send},
        {{"end", "TAG", "send no more messages, and wait for the last replies", 1, 1},
         &Session::End},
        {{"stop", "TAG", "cancel the stream TAG", 1, 1}, &Session::Stop},
        {kLogin, &Session::Login, true},
        {{"list", "", "list the services of the server"}, &Session::ListThem},
        {{"describe", "[SYMBOL]", "describe a service, method, message or enum", 0, 1},
         &Session::Describe},
        {{"help", "", "show this"}, &Session::Help},
        {{"quit", "", "end the session"}, &Session::Quit},
    };
    return kEntries;
  }

  std::stop_token ArmStop() { return interactive_ ? program_.interrupts.Arm() : stop_; }

  static void Prompt() {
    std::fputs("piperpc> ", stderr);
    std::fflush(stderr);
  }

  // False: there are no more.
  bool ReadLine() {
    LineReader::Result result = LineReader::Result::kStopped;
    while (result == LineReader::Result::kStopped) {
      const std::stop_token stop = ArmStop();  // Before a person sees that it is their turn.
      if (interactive_) Prompt();
      result = program_.input.ReadLine(line_, CommandDeadline(std::nullopt, stop));
      if (result == LineReader::Result::kStopped && !interactive_) {
        Note(kExitInterrupted);
        return false;
      }
      if (result == LineReader::Result::kStopped) ClearLine();
    }
    ++line_number_;
    if (result == LineReader::Result::kLine) return true;
    if (result != LineReader::Result::kEnd) {
      Note(Report(program_.input.ErrorOf(result, "a line", CommandDeadline()), CommandDeadline()));
    }
    return false;
  }

  // A person who presses Ctrl-C at the prompt means what they have typed. The terminal drops it.
  void ClearLine() {
    program_.input.DropPartialLine();
    std::fputs("\n", stderr);
  }

  void RunLine() {
    const CommandDeadline deadline(program_.settings.timeout, ArmStop());
    const Outcome status = RunWords(deadline);
    const std::string news = program_.connection.TakeReconnectNews();
    if (!news.empty()) Complain(internal::VisibleLine(news));
    Note(Report(InThisLine(status), deadline));
    const bool stopped = stop_.stop_requested();
    if (stopped) Note(kExitInterrupted);
    quit_ = quit_ || stopped || status.exit_code() == kExitNoReader;
  }

  Outcome RunWords(const CommandDeadline& deadline) {
    const OutcomeOr<Words> words = SplitLine(line_);
    if (!words.ok()) return words.outcome();
    if (words->empty()) return Outcome();
    const Words rest(words->begin() + 1, words->end());
    for (const Entry& entry : Entries()) {
      if (entry.usage.name != words->front()) continue;
      const Outcome fits = entry.counts_words ? Outcome() : CheckWords(entry.usage, rest);
      return fits.ok() ? (this->*entry.handler)(rest, deadline) : fits;
    }
    return UsageError(
        absl::StrCat("unknown command \"", words->front(), "\" in a session; see help"));
  }

  // In a script it helps to know which line it was.
  Outcome InThisLine(const Outcome& status) const {
    if (status.ok() || interactive_) return status;
    return status.After(absl::StrCat("line ", line_number_, ": "));
  }

  void Note(int exit_code) {
    if (exit_code_ == kExitOk) exit_code_ = exit_code;
  }

  Outcome CallNow(const Words& words, const CommandDeadline& deadline) {
    OutcomeOr<CallableMethod> method = program_.connection.FindMethod(words[0], deadline);
    if (!method.ok()) return method.outcome();
    if (words.size() == 1 && StreamsRequests(method->type)) return NoStandardInput();
    if (words.size() > 1 && words[1] == "-") return NoStandardInput();
    return Call(program_, words, deadline);
  }

  Outcome Start(const Words& words, const CommandDeadline& deadline) {
    OutcomeOr<CallableMethod> method = program_.connection.FindMethod(words[0], deadline);
    if (!method.ok()) return method.outcome();
    const OutcomeOr<RequestPlan> plan = PlanRequests(
        {words.begin() + 1, words.end()}, method->type,
        [&] { return program_.connection.schema().NewMessage(*method->descriptor->input_type()); },
        deadline);
    if (!plan.ok()) return plan.outcome();
    if (plan->from_input && words.size() > 1) return NoStandardInput();
    return streams_.Start(*method, *plan, deadline);
  }

  Outcome Send(const Words& words, const CommandDeadline& deadline) {
    return streams_.Send(words[0], {words.begin() + 1, words.end()}, deadline);
  }

  Outcome End(const Words& words, const CommandDeadline& deadline) {
    return streams_.End(words[0], deadline);
  }

  Outcome Stop(const Words& words, const CommandDeadline&) { return streams_.Stop(words[0]); }

  Outcome Login(const Words& words, const CommandDeadline& deadline) {
    LoginTerms terms;
    terms.password_file = program_.settings.password_file;
    tools::FlagSet flags;
    flags.Add("password-file", "FILE", "", tools::SetText(terms.password_file));
    flags.AddSwitch("register", "", &terms.may_register);
    const absl::StatusOr<Words> names = flags.Parse(words);
    if (!names.ok()) {
      return UsageError(
          absl::StrCat("login: ", names.status().message(), "; usage: ", WrittenAs(kLogin)));
    }
    const Outcome fits = CheckWords(kLogin, *names);
    if (!fits.ok()) return fits;
    terms.user = names->front();
    const OutcomeOr<MessagePtr> reply = LogIn(program_, terms, deadline);
    if (!reply.ok()) return reply.outcome();
    const OutcomeOr<std::string> json = ToJson(**reply, ReplyStyle(program_.settings));
    return json.ok() ? program_.output.WriteLine(*json) : json.outcome();
  }

  Outcome ListThem(const Words& words, const CommandDeadline& deadline) {
    return List(program_, words, deadline);
  }

  Outcome Describe(const Words& words, const CommandDeadline& deadline) {
    return cli::Describe(program_, words, deadline);
  }

  Outcome Help(const Words&, const CommandDeadline&) {
    return program_.output.WriteLine(CommandHelp());
  }

  Outcome Quit(const Words&, const CommandDeadline&) {
    quit_ = true;
    return Outcome();
  }

  static Outcome NoStandardInput() {
    return StandardInputIsTaken("give the messages as words, or use start, send and end");
  }

  Program& program_;
  const std::stop_token stop_;
  const bool interactive_;
  BackgroundStreams streams_;
  std::string line_;
  std::size_t line_number_ = 0;
  bool quit_ = false;
  int exit_code_ = kExitOk;
};

}  // namespace

std::string SessionHelp() {
  return absl::StrCat("Each line of a session is one of these commands:\n", Session::CommandHelp());
}

int RunSession(Program& program, const Words&, const CommandDeadline& deadline) {
  return Session(program, deadline.stop()).Run();
}

}  // namespace piperpc::cli
