// What no server may send: damaged frames, kinds of a client, ids that were never used.
#include "conformance/client_case.h"
#include "conformance/damage.h"

namespace piperpc::conformance {
namespace {

constexpr std::uint64_t kMost = ~std::uint64_t{0};

void AddDamages(const std::vector<Damage>& damages, const Forms& forms, ClientCases& cases) {
  for (const auto& [name, packet, text] : damages) {
    cases.push_back(Violation(name, packet, text, forms));
  }
}

void AddKinds(ClientCases& cases) {
  for (const std::uint32_t kind : {0u, 1u, 2u, 4u, 6u, 11u, 99u, 0xffffffffu}) {
    for (const std::uint32_t flags : {0u, wire::kOptional}) {
      const bool known = 1 <= kind && kind <= 10;
      if (flags != 0 && !known) continue;  // It is ignored.
      const std::string number = std::to_string(kind);
      const FrameHeader header{
          .kind = static_cast<FrameKind>(kind), .call_id = kCall, .flags = flags};
      cases.push_back(Violation("Kind" + number + (flags == 0 ? "" : "Optional"), Encode(header),
                                kind == 1 ? "Hello" : "kind " + number));
    }
  }
}

void AddIds(ClientCases& cases) {
  const std::pair<const char*, FrameKind> kinds[] = {{"Response", FrameKind::kResponse},
                                                     {"Message", FrameKind::kMessage},
                                                     {"Credit", FrameKind::kCredit}};
  for (const auto& [name, kind] : kinds) {
    for (const std::uint64_t id : {std::uint64_t{0}, kCall + 1, kMost}) {
      cases.push_back(Violation(std::string(name) + "OfCall" + std::to_string(id),
                                Encode({.kind = kind, .call_id = id}), "never begun"));
    }
  }
}

}  // namespace

ClientCases DamageByServer() {
  ClientCases cases;
  AddDamages(DamagedLengths(), kAllForms, cases);
  AddDamages(DamagedFields(), {Form::kBlocking, Form::kMessageCallback}, cases);
  AddDamages(DamagedGoaways(), {Form::kCallback, Form::kReader}, cases);
  AddKinds(cases);
  AddIds(cases);
  cases.push_back(Violation("PingOf65Bytes", Ping(std::string(65, 'p')), "65 bytes"));
  cases.push_back(Violation("PingOf60000Bytes", Ping(std::string(60'000, 'p')), "60000 bytes"));
  return cases;
}

}  // namespace piperpc::conformance
