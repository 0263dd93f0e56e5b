// Turns names of a .proto into C++ names.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace piperpc::codegen {

// A C++ keyword, or a macro that every translation unit may have (NULL, errno, …).
bool IsReserved(std::string_view name);

// The names of one C++ scope. A name that is taken or reserved gets underscores at its end until it
// is free, as protoc does for keywords.
class NameScope {
 public:
  // True when `name` is neither taken nor reserved.
  bool Free(std::string_view name) const;

  // Takes `wanted`, or the first free name with underscores, and returns it.
  std::string Take(std::string_view wanted);

  // Takes `name` unchanged, even if it is taken.
  void Reserve(std::string_view name) { taken_.emplace(name); }

  const std::set<std::string, std::less<>>& taken() const { return taken_; }

 private:
  std::set<std::string, std::less<>> taken_;
};

// Takes one C++ name for each of `wanted` and returns them in the same order. Names that are free
// are taken unchanged first: a method `delete_` keeps its name, even next to one called `delete`.
std::vector<std::string> TakeAll(NameScope& scope, const std::vector<std::string>& wanted);

}  // namespace piperpc::codegen
