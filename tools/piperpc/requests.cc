#include "tools/piperpc/requests.h"

#include <algorithm>
#include <optional>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "tools/piperpc/failure.h"
#include "tools/piperpc/field_value.h"
#include "tools/piperpc/files.h"
#include "tools/piperpc/json.h"
#include "tools/piperpc/nesting.h"

namespace piperpc::cli {
namespace {

// Makes messages of words, one after the other.
class Planner {
 public:
  Planner(MethodType type, const NewRequest& new_request, const CommandDeadline& deadline)
      : streams_(StreamsRequests(type)), new_request_(new_request), deadline_(deadline) {}

  Outcome Add(const std::string& word) {
    if (word.starts_with('{')) return AddJson(word);
    if (word.starts_with('@')) return AddFile(word.substr(1));
    if (LooksLikeAssignment(word)) return AddAssignment(word);
    return UsageError(absl::StrCat("\"", word,
                                   "\" is not a request: give JSON ({…}), field=value, ",
                                   "@file, or - for standard input"));
  }

  // None when a message nests too deep, as one may that was put together of several words.
  OutcomeOr<std::vector<MessagePtr>> Take() {
    for (const MessagePtr& message : messages_) {
      const Outcome readable = CheckLevels(LevelsOf(*message));
      if (!readable.ok()) return readable;
    }
    return std::move(messages_);
  }

 private:
  Outcome AddJson(std::string_view json) {
    assigning_.reset();
    messages_.push_back(new_request_());
    return FromJson(json, *messages_.back());
  }

  Outcome AddFile(const std::string& path) {
    if (path.empty()) {
      return UsageError("\"@\" does not name a file; give @FILE, or - for standard input");
    }
    const OutcomeOr<std::string> text = ReadFile(path, kMostRequestBytes, deadline_);
    if (!text.ok()) return text.outcome();
    if (!streams_) return AddJson(*text).After(absl::StrCat(path, ": "));
    std::istringstream lines(*text);
    Outcome status;
    std::size_t number = 0;
    for (std::string line; status.ok() && std::getline(lines, line);) {
      ++number;
      if (!IsBlank(line)) status = AddJson(line).After(absl::StrCat(path, ", line ", number, ": "));
    }
    return status;
  }

  Outcome AddAssignment(const std::string& word) {
    if (!assigning_.has_value()) {
      messages_.push_back(new_request_());
      assigning_.emplace(*messages_.back(), streams_ ? kSeveralAsJson : Assignments::kLeaveOneOut);
    }
    return assigning_->Add(word);
  }

  static constexpr std::string_view kSeveralAsJson =
      "for several requests give each as JSON ('{\"field\":\"a\"}' '{\"field\":\"b\"}'), or a line "
      "of standard input (-)";

  const bool streams_;
  const NewRequest& new_request_;
  const CommandDeadline& deadline_;
  std::optional<Assignments> assigning_;  // The last message is still being put together.
  std::vector<MessagePtr> messages_;
};

}  // namespace

RawMessage BytesOf(const google::protobuf::Message& message) {
  return RawMessage{message.SerializePartialAsString()};  // The server says what is missing.
}

bool IsBlank(std::string_view line) { return line.find_first_not_of(" \t\r") == line.npos; }

OutcomeOr<RequestPlan> PlanRequests(const std::vector<std::string>& words, MethodType type,
                                    const NewRequest& new_request,
                                    const CommandDeadline& deadline) {
  RequestPlan plan;
  plan.from_input = words.empty() ? StreamsRequests(type) : words[0] == "-";
  if (plan.from_input) {
    if (words.size() > 1) {
      return UsageError("standard input (-) cannot be combined with other requests; give - alone");
    }
    return plan;
  }
  Planner planner(type, new_request, deadline);
  for (const std::string& word : words) {
    const Outcome added = planner.Add(word);
    if (!added.ok()) return added;
  }
  OutcomeOr<std::vector<MessagePtr>> messages = planner.Take();
  if (!messages.ok()) return messages.outcome();
  plan.messages = *std::move(messages);
  if (plan.messages.empty()) plan.messages.push_back(new_request());
  if (!StreamsRequests(type) && plan.messages.size() > 1) {
    return UsageError(
        absl::StrCat("the method takes one request; ", plan.messages.size(), " were given"));
  }
  return plan;
}

}  // namespace piperpc::cli
