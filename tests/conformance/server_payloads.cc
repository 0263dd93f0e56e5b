// Requests that are no message of their method: not parsed, not UTF-8, too deep.
#include "conformance/server_case.h"

namespace piperpc::conformance {
namespace {

constexpr char kGet[] = "nesting.v1.NodeService/Get";      // Takes a Node.
constexpr char kStore[] = "nesting.v1.NodeService/Store";  // Takes a google.protobuf.Struct.
constexpr char kChat[] = "nesting.v1.NodeService/Chat";    // Takes Nodes.

Expectation Unparsed(std::string_view text = "") {
  return Refuses(1, absl::StatusCode::kInvalidArgument, text);
}

// --- How deep. ---

// A Node in a Node, so many levels.
std::string Nodes(int levels) {
  std::string bytes;
  for (int i = 0; i < levels; ++i) bytes = BytesField(1, bytes);
  return bytes;
}

// Groups of a field that a Node does not have.
std::string Groups(int levels) { return Repeat("\x53", levels) + Repeat("\x54", levels); }

// A Struct in a Struct, each by an entry of a map and a Value.
std::string Structs(int levels) {
  std::string bytes;
  for (int i = 0; i < levels; ++i) {
    bytes = BytesField(1, BytesField(1, "k") + BytesField(2, BytesField(5, bytes)));
  }
  return bytes;
}

void AddDepth(ServerCases& cases) {
  constexpr const char* kTooDeep = "100";  // The limit; more is told where protobuf got so far.
  const auto add = [&](const char* name, const char* method, const std::string& bytes, bool good) {
    cases.push_back({.name = name,
                     .packets = {Request(1, method, bytes)},
                     .expected = {good ? Replies(1, bytes) : Unparsed(kTooDeep)}});
  };
  add("NodesOf100Levels", kGet, Nodes(100), true);
  add("NodesOf101Levels", kGet, Nodes(101), false);
  add("NodesOf2000Levels", kGet, Nodes(2000), false);
  add("GroupsOf100Levels", kGet, Groups(100), true);
  add("GroupsOf101Levels", kGet, Groups(101), false);
  add("GroupsOf50000Levels", kGet, Groups(50'000), false);
  add("GroupsThatDoNotEnd", kGet, Repeat("\x53", 60'000), false);
  add("StructsOf99Levels", kStore, Structs(33), true);
  add("StructsOf102Levels", kStore, Structs(34), false);
  add("StructsOf3000Levels", kStore, Structs(1000), false);
  cases.push_back({.name = "NodesOf101LevelsInAStream",
                   .packets = {Opening(1, kChat), Message(1, Nodes(101))},
                   .expected = {Unparsed(kTooDeep)}});
  cases.push_back({.name = "GroupsOf50000LevelsInAStream",
                   .packets = {Opening(1, kChat), Message(1, Groups(50'000)), Message(1, Nodes(1))},
                   .expected = {Unparsed(kTooDeep)}});
}

// --- What is no message. ---

struct NoMessage {
  const char* name;
  const char* digits;
};

constexpr NoMessage kNoMessages[] = {
    {"Garbage", "ffffffff"},
    {"FieldCutOff", "0a 05 0a"},
    {"TagCutOff", "80"},
    {"VarintCutOff", "10 80"},
    {"VarintOf11Bytes", "10 8080808080808080808000"},
    {"LengthOf2GiB", "0a ffffffff07"},
    {"LengthOf64Bits", "0a ffffffffffffffffff01"},
    {"LengthBelowZero", "0a ffffffffff01"},
    {"FieldNumberZero", "00 01"},
    {"WireType6", "0e 01"},
    {"WireType7", "0f 01"},
    {"EndOfAGroupThatDidNotBegin", "54"},
    {"GroupThatDoesNotEnd", "53"},
    {"GroupThatEndsAsAnother", "53 5c"},
    {"Fixed32CutOff", "55 0102"},
    {"Fixed64CutOff", "51 01020304"},
    {"InnerMessageCutOff", "0a 02 0a 05"},
};

void AddNoMessages(ServerCases& cases) {
  for (const auto& [name, digits] : kNoMessages) {
    const std::string bytes = Hex(digits);
    const std::string damage = name;
    cases.push_back(
        {.name = damage, .packets = {Request(1, kGet, bytes)}, .expected = {Unparsed()}});
    cases.push_back(
        {.name = damage + "InAStream",
         .packets = {Opening(1, kChat), Message(1, bytes), Message(1, ""), HalfClose(1)},
         .expected = {Unparsed()}});
    FrameHeader first{.kind = FrameKind::kRequest, .call_id = 1, .flags = wire::kEnd | wire::kMore};
    first.method = kGet;
    first.message_size = bytes.size() + 4;
    cases.push_back(
        {.name = damage + "InParts",
         .packets = {Encode(first, Hex("10011001")), LastPart(FrameKind::kRequest, 1, bytes)},
         .expected = {Unparsed()}});
  }
}

// --- Text. ---

struct Text {
  const char* name;
  const char* digits;
  bool utf8;
};

constexpr Text kTexts[] = {
    {"Ascii", "616263", true},
    {"Nul", "610062", true},
    {"TwoBytes", "c3a4", true},
    {"ThreeBytes", "e282ac", true},
    {"FourBytes", "f09f9880", true},
    {"TheLastCharacter", "f48fbfbf", true},
    {"ByteOrderMark", "efbbbf", true},
    {"TrailingByteAlone", "80", false},
    {"TwoBytesCutOff", "c3", false},
    {"ThreeBytesCutOff", "e282", false},
    {"FourBytesCutOff", "f09f98", false},
    {"NoTrailingByte", "c328", false},
    {"OverlongSlash", "c0af", false},
    {"OverlongNul", "e08080", false},
    {"Surrogate", "eda080", false},
    {"AboveTheLastCharacter", "f4908080", false},
    {"ByteFe", "fe", false},
    {"ByteFf", "ff", false},
    {"BadBehindGood", "616263ff", false},
};

// A Struct of one text.
void AddTexts(ServerCases& cases) {
  for (const auto& [name, digits, utf8] : kTexts) {
    const std::string text = Hex(digits);
    const std::string value =
        BytesField(1, BytesField(1, "k") + BytesField(2, BytesField(3, text)));
    const std::string key = BytesField(1, BytesField(1, text) + BytesField(2, BytesField(3, "v")));
    for (const auto& [place, bytes] : {std::pair("Value", &value), std::pair("Key", &key)}) {
      cases.push_back({.name = std::string(place) + "Of" + name,
                       .packets = {Request(1, kStore, *bytes)},
                       .expected = {utf8 ? Replies(1, *bytes) : Unparsed()}});
    }
  }
}

}  // namespace

ServerCases Payloads() {
  ServerCases cases;
  AddDepth(cases);
  AddNoMessages(cases);
  AddTexts(cases);
  return cases;
}

}  // namespace piperpc::conformance
