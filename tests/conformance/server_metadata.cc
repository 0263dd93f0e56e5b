// Metadata: keys, values, sizes, and entries that are none.
#include "conformance/server_case.h"

namespace piperpc::conformance {
namespace {

constexpr absl::StatusCode kInvalidArgument = absl::StatusCode::kInvalidArgument;
constexpr absl::StatusCode kExhausted = absl::StatusCode::kResourceExhausted;

std::string Entry(std::string_view key, std::string_view value) {
  return BytesField(kMetadata, BytesField(1, key) + BytesField(2, value));
}

std::string RequestWith(std::string_view fields, std::string_view method = kMeta) {
  FrameHeader header{.kind = FrameKind::kRequest, .call_id = 1, .flags = wire::kEnd};
  header.method = method;
  header.metadata = fields;
  return Encode(header);
}

// The reply tells them again.
ServerCase Taken(std::string name, std::string_view fields, std::string_view told) {
  return {
      .name = std::move(name), .packets = {RequestWith(fields)}, .expected = {Replies(1, told)}};
}

ServerCase Refused(std::string name, std::string_view fields, Expectation refusal) {
  return {
      .name = std::move(name), .packets = {RequestWith(fields)}, .expected = {std::move(refusal)}};
}

void AddKeys(ServerCases& cases) {
  const std::string longest(64, 'k');
  const std::pair<const char*, std::string> good[] = {
      {"KeyOf1Byte", "a"},         {"KeyOf64Bytes", longest},  {"KeyOfADigit", "0"},
      {"KeyOfADot", "."},          {"KeyOfAnUnderscore", "_"}, {"KeyOfAHyphen", "-"},
      {"KeyOfAllSorts", "a.b-c_9"}};
  for (const auto& [name, key] : good) cases.push_back(Taken(name, Entry(key, "v"), key + "=v;"));
  const std::pair<const char*, std::string> bad[] = {{"EmptyKey", ""},
                                                     {"KeyOf65Bytes", longest + "k"},
                                                     {"KeyOfManyBytes", std::string(8000, 'k')},
                                                     {"KeyInCapitals", "Key"},
                                                     {"KeyWithASpace", "a b"},
                                                     {"KeyWithASlash", "a/b"},
                                                     {"KeyWithAColon", ":path"},
                                                     {"KeyWithANul", std::string("a\0", 2)},
                                                     {"KeyWithADelete", "a\x7f"},
                                                     {"KeyWithANewline", "a\n"},
                                                     {"KeyThatIsNotUtf8", "\xc3\x28"},
                                                     {"KeyWithAnUmlaut", "\xc3\xa4"},
                                                     {"KeyOfFf", "\xff"}};
  for (const auto& [name, key] : bad) {
    cases.push_back(
        Refused(name, Entry(key, "v"), Refuses(1, kInvalidArgument, "the metadata key")));
  }
  cases.push_back(Refused("BadKeyBehindAGoodOne", Entry("good", "v") + Entry("BAD", "v"),
                          Refuses(1, kInvalidArgument, "\"BAD\"")));
}

// Their fields take this many bytes in all.
std::string FieldsOf(std::size_t bytes) {
  const std::size_t overhead = Entry("k", std::string(bytes / 2, 'v')).size() - bytes / 2;
  return Entry("k", std::string(bytes - overhead, 'v'));
}

void AddSizes(ServerCases& cases) {
  const auto above = [](const char* size) {
    return Refuses(1, kExhausted,
                   "the metadata has " + std::string(size) + " bytes; the limit is 8192");
  };
  const std::string most = FieldsOf(8192);
  cases.push_back({.name = "SizeOfTheLimit",
                   .packets = {RequestWith(most, kEcho)},
                   .expected = {Replies(1, "")}});
  cases.push_back(Refused("SizeAboveTheLimit", FieldsOf(8193), above("8193")));
  cases.push_back(Refused("SizeOfTwiceTheLimit", FieldsOf(16'384), above("16384")));
  cases.push_back(
      Refused("SizeAboveTheFixedLimit", FieldsOf(16'385), ProtocolError("16385 is above")));
  cases.push_back(
      Refused("SizeAboveTheLimitInManyEntries", Repeat(Entry("a", "b"), 1000), above("8000")));
  cases.back() =
      Refused("SizeAboveTheLimitInManyEntries", Repeat(Entry("a", "b"), 1025), above("8200"));
  cases.push_back(Taken("ManyEntries", Repeat(Entry("a", "b"), 1000), Repeat("a=b;", 1000)));
}

void AddValues(ServerCases& cases) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  const std::string key = BytesField(1, "k");
  const auto entry = [](std::string_view fields) { return BytesField(kMetadata, fields); };
  cases.push_back(Taken("EmptyValue", Entry("k", ""), "k=;"));
  cases.push_back(Taken("NoValue", entry(key), "k=;"));
  cases.push_back(Taken("ValueOfAllBytes", Entry("k", all), "k=" + all + ";"));
  cases.push_back(Taken("ValueOfAnotherWireType", entry(key + VarintField(2, 5)), "k=;"));
  cases.push_back(Taken("OneKeyTwice", Entry("k", "1") + Entry("k", "2"), "k=1;k=2;"));
  cases.push_back(
      Taken("OrderThatIsNotTheAlphabets", Entry("b", "1") + Entry("a", "2"), "b=1;a=2;"));
  cases.push_back(
      Taken("EntryWithUnknownFields", entry(VarintField(9, 1) + key + BytesField(7, "x")), "k=;"));
  cases.push_back(Taken("EntryWithTwoKeys", entry(BytesField(1, "first") + key), "k=;"));
  cases.push_back(Taken("EntryInTheReverseOrder", entry(BytesField(2, "v") + key), "k=v;"));
  const Expectation no_key = Refuses(1, kInvalidArgument, "the metadata key \"\"");
  cases.push_back(Refused("EmptyEntry", entry(""), no_key));
  cases.push_back(Refused("KeyOfAnotherWireType", entry(VarintField(1, 1)), no_key));
  cases.push_back(Refused("ManyEmptyEntries", Repeat(entry(""), 4000), no_key));
}

struct NoEntry {
  const char* name;
  const char* digits;
};

constexpr NoEntry kNoEntries[] = {
    {"EntryOfGarbage", "ffffff"},
    {"KeyCutOff", "0a 05 6162"},
    {"ValueCutOff", "0a 01 6b 12 05"},
    {"KeyOf64BitLength", "0a ffffffffffffffffff01"},
    {"EntryWithAGroup", "4b 4c"},
    {"EntryWithAnUnknownWireType", "0a 01 6b 4f"},
    {"EntryWithTagCutOff", "0a 01 6b 80"},
    {"EntryWithFieldNumberZero", "00 01"},
    {"EntryWithFixed32CutOff", "0a 01 6b 4d 0102"},
};

// It makes the header none, whatever would come of the call.
void AddDamage(ServerCases& cases) {
  for (const auto& [name, digits] : kNoEntries) {
    const std::string fields = BytesField(kMetadata, Hex(digits));
    const std::string damage = name;
    const Expectation error = ProtocolError("MetadataEntry");
    cases.push_back(Refused(damage, fields, error));
    cases.push_back(Refused(damage + "BehindAGoodEntry", Entry("k", "v") + fields, error));
    cases.push_back({.name = damage + "OfAnUnknownMethod",
                     .packets = {RequestWith(fields, "no.such/Method")},
                     .expected = {error}});
  }
}

}  // namespace

ServerCases MetadataCases() {
  ServerCases cases;
  AddKeys(cases);
  AddSizes(cases);
  AddValues(cases);
  AddDamage(cases);
  return cases;
}

}  // namespace piperpc::conformance
