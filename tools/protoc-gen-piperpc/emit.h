// From the model to C++: the parts of a file's generated code.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "google/protobuf/io/printer.h"
#include "model.h"

namespace piperpc::codegen {

void EmitHeader(const File& file, google::protobuf::io::Printer& printer);
void EmitSource(const File& file, google::protobuf::io::Printer& printer);

// For tests of what calls: the interface of each client, and its mock.
void EmitInterface(const File& file, google::protobuf::io::Printer& printer);
void EmitMock(const File& file, google::protobuf::io::Printer& printer);

// The values of the variables in the templates.
using Variables = std::map<std::string, std::string>;
Variables VariablesOf(const File& file);
Variables VariablesOf(const Service& service);
Variables VariablesOf(const Service& service, const Method& method);

// A text for each method type.
struct TextsByType {
  const char* Of(MethodType type) const;

  const char* unary;
  const char* server_streaming;
  const char* client_streaming;
  const char* bidirectional;
};

// The declarations of the forms of a call; `$virtual$` and `$pure$` are around each.
extern const TextsByType kCallForms;

// For each method of a service: its comments, and its members of a class. The variables of the
// method are those of VariablesOf(), and `more`, which come first.
void EmitMembers(const Service& service, const TextsByType& members,
                 google::protobuf::io::Printer& printer, const Variables& more = {});

// The lines of a comment, as comment lines.
void EmitComments(const std::vector<std::string>& lines, google::protobuf::io::Printer& printer);

// Between these, the names that the code has from the .proto are no macros, whatever the headers of
// a system, or a user's, have made of them.
void SuspendMacros(const File& file, google::protobuf::io::Printer& printer);
void RestoreMacros(const File& file, google::protobuf::io::Printer& printer);

// The namespace around everything, or nothing for the global one.
void OpenNamespace(const File& file, google::protobuf::io::Printer& printer);
void CloseNamespace(const File& file, google::protobuf::io::Printer& printer);

}  // namespace piperpc::codegen
