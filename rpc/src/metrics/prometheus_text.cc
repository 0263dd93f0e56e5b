// https://prometheus.io/docs/instrumenting/exposition_formats, "Text-based format".
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "piperpc/metrics.h"
#include "src/base/text.h"
#include "src/metrics/replace_file.h"

namespace piperpc {
namespace {

std::string Escaped(std::string_view label) {
  return absl::StrReplaceAll(base::ToAbsl(label), {{"\\", "\\\\"}, {"\"", "\\\""}, {"\n", "\\n"}});
}

std::string Seconds(std::chrono::microseconds time) {
  return absl::StrCat(std::chrono::duration<double>(time).count());
}

// All digits: what is added to a large sum must be seen.
std::string ExactSeconds(std::chrono::microseconds time) {
  constexpr std::int64_t kSecond = 1'000'000;
  std::string text =
      absl::StrCat(time.count() / kSecond, ".", absl::Dec(time.count() % kSecond, absl::kZeroPad6));
  text.resize(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

class Text {
 public:
  enum class Type { kCounter, kGauge, kHistogram };

  // All values of a metric stand below its head.
  void Begin(std::string_view name, Type type, std::string_view help) {
    constexpr const char* kTypes[] = {"counter", "gauge", "histogram"};
    name_ = name;
    absl::StrAppend(&text_, "# HELP ", name_, " ", base::ToAbsl(help), "\n# TYPE ", name_, " ",
                    kTypes[static_cast<int>(type)], "\n");
  }

  // `labels`: empty, or "{name=\"value\"}".
  template <typename Value>
  void Add(std::string_view suffix, std::string_view labels, const Value& value) {
    absl::StrAppend(&text_, name_, base::ToAbsl(suffix), base::ToAbsl(labels), " ", value, "\n");
  }
  template <typename Value>
  void Add(std::string_view labels, const Value& value) {
    Add("", labels, value);
  }

  std::string Take() { return std::move(text_); }

 private:
  std::string name_;
  std::string text_;
};

std::string CodeName(std::size_t code) {
  return absl::StatusCodeToString(static_cast<absl::StatusCode>(code));
}

// Those that there are, with `labels` before the code's.
void AddByCode(Text& text, const std::string& labels, const CountsByCode& counts) {
  for (std::size_t code = 0; code < kStatusCodes; ++code) {
    if (counts[code] == 0) continue;
    text.Add(absl::StrCat("{", labels, "code=\"", CodeName(code), "\"}"), counts[code]);
  }
}

void AddHistogram(Text& text, const std::string& label, const LatencyHistogram& latency) {
  std::uint64_t passed = 0;
  for (std::size_t i = 0; i < LatencyHistogram::kBounds; ++i) {
    passed += latency.counts[i];
    const std::string bound = Seconds(LatencyHistogram::Bound(i));
    text.Add("_bucket", absl::StrCat("{", label, ",le=\"", bound, "\"}"), passed);
  }
  text.Add("_bucket", absl::StrCat("{", label, ",le=\"+Inf\"}"), latency.count());
  text.Add("_sum", absl::StrCat("{", label, "}"), ExactSeconds(latency.sum));
  text.Add("_count", absl::StrCat("{", label, "}"), latency.count());
}

std::string LabelOf(const MethodMetrics& method) {
  return absl::StrCat("method=\"", Escaped(method.method), "\"");
}

using Number = std::function<std::uint64_t(const MethodMetrics&)>;

void AddNumber(Text& text, const std::string& name, Text::Type type, std::string_view help,
               const std::vector<MethodMetrics>& methods, const Number& number) {
  text.Begin(name, type, help);
  for (const MethodMetrics& method : methods) {
    text.Add(absl::StrCat("{", LabelOf(method), "}"), number(method));
  }
}

void AddCalls(Text& text, const std::string& side, const std::vector<MethodMetrics>& methods) {
  if (methods.empty()) return;
  const std::string prefix = absl::StrCat("piperpc_", side, "_");
  using Of = const MethodMetrics&;
  AddNumber(text, prefix + "started_total", Text::Type::kCounter, "Calls that were begun.", methods,
            [](Of method) { return method.started; });
  AddNumber(text, prefix + "in_flight", Text::Type::kGauge, "Calls that have not ended.", methods,
            [](Of method) { return method.in_flight(); });
  text.Begin(prefix + "ended_total", Text::Type::kCounter, "Calls that have ended, by status.");
  for (Of method : methods) AddByCode(text, LabelOf(method) + ",", method.ended);
  text.Begin(prefix + "latency_seconds", Text::Type::kHistogram,
             "From the begin to the end of a call.");
  for (Of method : methods) AddHistogram(text, LabelOf(method), method.latency);
  AddNumber(text, prefix + "received_messages_total", Text::Type::kCounter, "Messages received.",
            methods, [](Of method) { return method.messages_received; });
  AddNumber(text, prefix + "sent_messages_total", Text::Type::kCounter, "Messages sent.", methods,
            [](Of method) { return method.messages_sent; });
  AddNumber(text, prefix + "received_bytes_total", Text::Type::kCounter,
            "Bytes of received messages.", methods,
            [](Of method) { return method.bytes_received; });
  AddNumber(text, prefix + "sent_bytes_total", Text::Type::kCounter, "Bytes of sent messages.",
            methods, [](Of method) { return method.bytes_sent; });
}

void AddBudget(Text& text, const std::string& name, std::string_view what,
               const BudgetMetrics& budget) {
  text.Begin(name + "_bytes", Text::Type::kGauge,
             absl::StrCat("Memory for ", base::ToAbsl(what), "."));
  text.Add("", budget.used);
  text.Begin(name + "_limit_bytes", Text::Type::kGauge, "How much that may be.");
  text.Add("", budget.limit);
}

void AddServer(Text& text, const MetricsSnapshot& snapshot) {
  using Type = Text::Type;
  text.Begin("piperpc_server_refused_calls_total", Type::kCounter,
             "Calls that were refused before they began, by status.");
  AddByCode(text, "", snapshot.refused_calls);
  text.Begin("piperpc_server_connections", Type::kGauge, "Open connections.");
  text.Add("", snapshot.open_connections());
  text.Begin("piperpc_server_connections_opened_total", Type::kCounter, "Connections opened.");
  text.Add("", snapshot.connections_opened);
  text.Begin("piperpc_server_connections_closed_total", Type::kCounter,
             "Connections closed, by what the client was told.");
  AddByCode(text, "", snapshot.connections_closed);
  text.Begin("piperpc_server_connections_refused_total", Type::kCounter,
             "Connections refused, by what the client was told.");
  AddByCode(text, "", snapshot.connections_refused);
  AddBudget(text, "piperpc_server_request_memory", "requests", snapshot.request_memory);
  AddBudget(text, "piperpc_server_reply_memory", "replies that wait for their clients",
            snapshot.reply_memory);
}

bool HasServer(const MetricsSnapshot& snapshot) {
  return snapshot.request_memory.limit != 0 || snapshot.connections_opened != 0 ||
         !snapshot.server.empty();
}

}  // namespace

std::string PrometheusText(const MetricsSnapshot& snapshot) {
  Text text;
  AddCalls(text, "server", snapshot.server);
  if (HasServer(snapshot)) AddServer(text, snapshot);
  AddCalls(text, "client", snapshot.client);
  if (!snapshot.client.empty()) {
    AddNumber(text, "piperpc_client_retries_total", Text::Type::kCounter,
              "Attempts of retry policies beyond the first of each call.", snapshot.client,
              [](const MethodMetrics& method) { return method.retries; });
  }
  return text.Take();
}

absl::Status WritePrometheusFile(const std::string& path, const MetricsSnapshot& snapshot) {
  if (path.empty()) return absl::InvalidArgumentError("the path of the metrics' file is empty");
  return metrics::ReplaceContent(path, PrometheusText(snapshot));
}

}  // namespace piperpc
