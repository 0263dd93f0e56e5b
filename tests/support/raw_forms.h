// Every form in which a RawClient calls a method, as one function each.
#pragma once

#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "piperpc/async.h"
#include "piperpc/raw_client.h"
#include "support/eventually.h"

namespace piperpc::testing {

using Strings = std::vector<std::string>;

// How a call ended, and what it brought.
struct CallResult {
  absl::Status status;
  Strings replies;
  Metadata trailers;
};

// Makes one call. Of `requests`, a method that takes one is given the first. Nothing that the
// client is given lives longer than the function that takes it.
using CallForm = CallResult (*)(const RawClient&, const std::string& method,
                                const Strings& requests, CallOptions options);

struct NamedForm {
  std::string name;
  std::string method;  // Of ShapesService: the one that the form is for.
  CallForm call;
};

const std::vector<NamedForm>& RawForms();

// What the method of ShapesService replies to these.
Strings ExpectedReplies(const std::string& method, const Strings& requests);

}  // namespace piperpc::testing
