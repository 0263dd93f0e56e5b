// What people type, and what servers send, to the command line: lines of a session, requests, JSON,
// flags, and descriptors.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fuzz/input.h"
#include "fuzz/require.h"
#include "google/protobuf/util/field_comparator.h"
#include "google/protobuf/util/message_differencer.h"
#include "piperpc/internal/visible_text.h"
#include "programs/sample_schema.h"
#include "tools/piperpc/definitions.h"
#include "tools/piperpc/json.h"
#include "tools/piperpc/requests.h"
#include "tools/piperpc/schema.h"
#include "tools/piperpc/settings.h"
#include "tools/piperpc/words.h"
#include "tools/shared/json_text.h"
#include "tools/shared/library_log.h"

namespace piperpc::fuzz {
namespace {

using google::protobuf::Message;
using sample::v1::Everything;

constexpr MethodType kTypes[] = {MethodType::kUnary, MethodType::kServerStreaming,
                                 MethodType::kClientStreaming, MethodType::kBidirectional};

void CheckOutcome(const cli::Outcome& outcome) {
  if (!outcome.ok()) Require(!outcome.Describe().empty(), "an error says what is wrong");
}

std::unique_ptr<Message> Reread(const Message& message) {
  const auto json = cli::ToJson(message, cli::JsonStyle::kLine);
  CheckOutcome(json.outcome());
  if (!json.ok()) return nullptr;
  std::unique_ptr<Message> again(message.New());
  Require(cli::FromJson(*json, *again).ok(), "JSON of a message can be read");
  return again;
}

bool Same(const Message& a, const Message& b) {
  google::protobuf::util::DefaultFieldComparator comparator;
  comparator.set_treat_nan_as_equal(true);
  google::protobuf::util::MessageDifferencer differencer;
  differencer.set_field_comparator(&comparator);
  return differencer.Compare(a, b);
}

// What was read from JSON comes back.
void CheckJson(const Message& message) {
  const std::unique_ptr<Message> once = Reread(message);
  if (once == nullptr) return;
  const std::unique_ptr<Message> twice = Reread(*once);
  Require(twice != nullptr && Same(*once, *twice), "a message comes back");
}

void CheckTypedJson(std::string_view json) {
  Everything message;
  const cli::Outcome parsed = cli::FromJson(json, message);
  CheckOutcome(parsed);
  if (parsed.ok()) CheckJson(message);
}

// No word that names a file, or standard input, for the fuzzer has neither.
bool IsFile(const std::string& word) { return word == "-" || word.starts_with("@"); }

void CheckRequests(std::string_view line, MethodType type) {
  const auto words = cli::SplitLine(line);
  CheckOutcome(words.outcome());
  if (!words.ok() || std::any_of(words->begin(), words->end(), &IsFile)) return;
  const auto plan = cli::PlanRequests(*words, type, [] { return std::make_unique<Everything>(); });
  CheckOutcome(plan.outcome());
  if (!plan.ok()) return;
  for (const cli::MessagePtr& message : plan->messages) CheckJson(*message);
}

void CheckReply(std::string_view bytes) {
  Everything message;
  if (message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    CheckOutcome(cli::ToJson(message, cli::JsonStyle::kPretty).outcome());
  }
}

void CheckFlags(Input input) {
  std::vector<std::string> arguments;
  while (!input.done()) arguments.emplace_back(input.Text());
  const auto parsed =
      cli::ParseCommandLine(arguments, [](const char*) { return std::optional<std::string>(); });
  CheckOutcome(parsed.outcome());
}

// As a server's reflection sends them, and a request and a reply of the first method.
void CheckSchema(Input input) {
  cli::Schema schema;
  const std::string file(input.Text());
  const cli::Outcome added = schema.AddFiles({file});
  CheckOutcome(added);
  google::protobuf::FileDescriptorProto proto;
  if (!added.ok() || !proto.ParseFromString(file)) return;
  const std::string prefix = proto.package().empty() ? "" : proto.package() + ".";
  for (const auto& service : proto.service()) {
    cli::Definitions definitions;
    CheckOutcome(schema.Describe(prefix + service.name(), definitions));
    definitions.Text();
  }
  for (const auto& type : proto.message_type()) {
    const std::string_view bytes = input.Rest();
    CheckOutcome(schema.MessageToJson(prefix + type.name(), bytes).outcome());
  }
}

void CheckText(std::string_view text) {
  const std::string visible = internal::VisibleLine(text);
  Require(internal::VisibleLine(visible) == visible, "what is visible stays");
  const std::string quoted = tools::QuoteJson(text);
  Require(tools::EscapeJson(quoted) == quoted, "what is quoted stays");
}

// The first byte of the input says what the rest is.
void Run(Input input) {
  const std::size_t kind = input.Byte();
  switch (kind % 8) {
    case 0:
    case 1:
    case 2:
      return CheckRequests(input.Rest(), kTypes[kind / 8 % 4]);
    case 3:
      return CheckTypedJson(input.Rest());
    case 4:
      return CheckReply(input.Rest());
    case 5:
      return CheckFlags(input);
    case 6:
      return CheckSchema(input);
    default:
      return CheckText(input.Rest());
  }
}

}  // namespace
}  // namespace piperpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const piperpc::tools::LibraryLog nobody_listens([](const piperpc::LogRecord&) {});
  piperpc::fuzz::Run(piperpc::fuzz::Input({data, size}));
  return 0;
}
