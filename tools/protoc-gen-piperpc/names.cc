#include "names.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace piperpc::codegen {
namespace {

// Sorted, for the search below.
constexpr std::string_view kReserved[] = {
    "EOF",
    "NULL",
    "alignas",
    "alignof",
    "and",
    "and_eq",
    "asm",
    "assert",
    "auto",
    "bitand",
    "bitor",
    "bool",
    "break",
    "case",
    "catch",
    "char",
    "char16_t",
    "char32_t",
    "char8_t",
    "class",
    "co_await",
    "co_return",
    "co_yield",
    "compl",
    "concept",
    "const",
    "const_cast",
    "consteval",
    "constexpr",
    "constinit",
    "continue",
    "decltype",
    "default",
    "delete",
    "do",
    "double",
    "dynamic_cast",
    "else",
    "enum",
    "errno",
    "explicit",
    "export",
    "extern",
    "false",
    "float",
    "for",
    "friend",
    "goto",
    "if",
    "inline",
    "int",
    "linux",
    "long",
    "mutable",
    "namespace",
    "new",
    "noexcept",
    "not",
    "not_eq",
    "nullptr",
    "offsetof",
    "operator",
    "or",
    "or_eq",
    "private",
    "protected",
    "public",
    "register",
    "reinterpret_cast",
    "requires",
    "return",
    "setjmp",
    "short",
    "signed",
    "sizeof",
    "static",
    "static_assert",
    "static_cast",
    "stderr",
    "stdin",
    "stdout",
    "struct",
    "switch",
    "template",
    "this",
    "thread_local",
    "throw",
    "true",
    "try",
    "typedef",
    "typeid",
    "typename",
    "union",
    "unix",
    "unsigned",
    "using",
    "va_arg",
    "va_copy",
    "va_end",
    "va_start",
    "virtual",
    "void",
    "volatile",
    "wchar_t",
    "while",
    "xor",
    "xor_eq",
};

}  // namespace

bool IsReserved(std::string_view name) {
  return std::binary_search(std::begin(kReserved), std::end(kReserved), name);
}

bool NameScope::Free(std::string_view name) const {
  return !IsReserved(name) && !taken_.contains(name);
}

std::string NameScope::Take(std::string_view wanted) {
  std::string name(wanted);
  while (!Free(name)) name += '_';
  taken_.insert(name);
  return name;
}

std::vector<std::string> TakeAll(NameScope& scope, const std::vector<std::string>& wanted) {
  std::vector<std::string> names(wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (scope.Free(wanted[i])) names[i] = scope.Take(wanted[i]);
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (names[i].empty()) names[i] = scope.Take(wanted[i]);
  }
  return names;
}

}  // namespace piperpc::codegen
