#include "class_names.h"

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <set>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/compiler/cpp/names.h"
#include "google/protobuf/descriptor.pb.h"
#include "names.h"

namespace piperpc::codegen {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FileDescriptor;
using google::protobuf::ServiceDescriptor;

void ReserveClassesOf(const Descriptor& message, NameScope& scope) {
  scope.Reserve(google::protobuf::compiler::cpp::ClassName(&message));
  for (int i = 0; i < message.nested_type_count(); ++i) {
    ReserveClassesOf(*message.nested_type(i), scope);
  }
  for (int i = 0; i < message.enum_type_count(); ++i) {
    scope.Reserve(google::protobuf::compiler::cpp::ClassName(message.enum_type(i)));
  }
}

// What protoc itself puts into the namespace of the file's package.
void ReserveNamesOf(const FileDescriptor& file, NameScope& scope) {
  for (int i = 0; i < file.message_type_count(); ++i) {
    ReserveClassesOf(*file.message_type(i), scope);
  }
  for (int i = 0; i < file.enum_type_count(); ++i) {
    const google::protobuf::EnumDescriptor& type = *file.enum_type(i);
    scope.Reserve(google::protobuf::compiler::cpp::ClassName(&type));
    for (int j = 0; j < type.value_count(); ++j) scope.Reserve(std::string(type.value(j)->name()));
  }
  for (int i = 0; i < file.extension_count(); ++i)
    scope.Reserve(std::string(file.extension(i)->name()));
  if (!file.options().cc_generic_services()) return;
  for (int i = 0; i < file.service_count(); ++i) {
    scope.Reserve(std::string(file.service(i)->name()));
    scope.Reserve(absl::StrCat(file.service(i)->name(), "_Stub"));
  }
}

void ReserveImports(const FileDescriptor& file, const FileDescriptor& root, NamesOfFiles& named,
                    std::set<const FileDescriptor*>& seen, NameScope& scope) {
  for (int i = 0; i < file.dependency_count(); ++i) {
    const FileDescriptor& import = *file.dependency(i);
    if (!seen.insert(&import).second) continue;
    ReserveImports(import, root, named, seen, scope);
    if (import.package() != root.package()) continue;
    ReserveNamesOf(import, scope);
    for (const ClassNames& names : ClassNamesOf(import, named)) {
      for (const std::string* name :
           {&names.service, &names.client, &names.client_interface, &names.adapter, &names.mock}) {
        scope.Reserve(*name);
      }
    }
  }
}

// `files` and all that they import.
std::vector<const FileDescriptor*> WithImports(std::vector<const FileDescriptor*> files) {
  std::set<const FileDescriptor*> seen(files.begin(), files.end());
  for (std::size_t next = 0; next < files.size(); ++next) {
    for (int i = 0; i < files[next]->dependency_count(); ++i) {
      const FileDescriptor* const import = files[next]->dependency(i);
      if (seen.insert(import).second) files.push_back(import);
    }
  }
  return files;
}

// The classes of services, by their full names.
using Classes = std::map<std::string, const ServiceDescriptor*, std::less<>>;

absl::Status Clash(const std::string& name, const ServiceDescriptor& service,
                   const FileDescriptor& other) {
  return absl::InvalidArgumentError(
      absl::StrCat(service.file()->name(), ": service ", service.full_name(),
                   ": its C++ class would be called \"", name, "\", as something in ", other.name(),
                   ", of the same package; rename one of them"));
}

// Adds the classes of each service of `file`.
absl::Status AddClasses(const FileDescriptor& file, NamesOfFiles& named, Classes& classes) {
  const std::vector<ClassNames>& all = ClassNamesOf(file, named);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const ServiceDescriptor* const service = file.service(static_cast<int>(i));
    for (const std::string& name : {all[i].service, all[i].client}) {
      const auto [known, added] = classes.emplace(absl::StrCat(file.package(), ".", name), service);
      if (!added) return Clash(name, *service, *known->second->file());
    }
  }
  return absl::OkStatus();
}

// That protoc calls nothing of `file` as one of the `classes` of other files.
absl::Status CheckNamesOf(const FileDescriptor& file, const Classes& classes) {
  NameScope scope;
  ReserveNamesOf(file, scope);
  for (const std::string& name : scope.taken()) {
    const auto found = classes.find(absl::StrCat(file.package(), ".", name));
    if (found != classes.end()) return Clash(name, *found->second, file);
  }
  return absl::OkStatus();
}

}  // namespace

std::string Stem(const ServiceDescriptor& service) {
  constexpr std::string_view kSuffix = "Service";
  std::string stem(service.name());
  if (stem.ends_with(kSuffix)) stem.resize(stem.size() - kSuffix.size());
  return stem;
}

const std::vector<ClassNames>& ClassNamesOf(const FileDescriptor& file, NamesOfFiles& named) {
  if (const auto known = named.find(&file); known != named.end()) return known->second;
  NameScope scope;
  std::set<const FileDescriptor*> seen;
  ReserveNamesOf(file, scope);
  ReserveImports(file, file, named, seen, scope);

  // A service that is called FooService comes before one called Foo.
  std::vector<int> order(static_cast<std::size_t>(file.service_count()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_partition(order.begin(), order.end(), [&file](int i) {
    return Stem(*file.service(i)) != file.service(i)->name();
  });

  std::vector<ClassNames> names(order.size());
  for (const int i : order) {
    const std::string stem = Stem(*file.service(i));
    names[i].service = scope.Take(absl::StrCat(stem, "Service"));
    names[i].client = scope.Take(absl::StrCat(stem, "Client"));
  }
  // Last, for not everyone asks for these.
  for (const int i : order) {
    const std::string stem = Stem(*file.service(i));
    names[i].client_interface = scope.Take(absl::StrCat(stem, kInterface));
    names[i].adapter = scope.Take(absl::StrCat(stem, kAdapter));
    names[i].mock = scope.Take(absl::StrCat(kMock, stem, "Client"));
  }
  return named[&file] = std::move(names);
}

absl::Status CheckClassNames(const std::vector<const FileDescriptor*>& files) {
  const std::vector<const FileDescriptor*> all = WithImports(files);
  NamesOfFiles named;
  Classes classes;
  for (const FileDescriptor* const file : all) {
    absl::Status added = AddClasses(*file, named, classes);
    if (!added.ok()) return added;
  }
  for (const FileDescriptor* const file : all) {
    absl::Status checked = CheckNamesOf(*file, classes);
    if (!checked.ok()) return checked;
  }
  return absl::OkStatus();
}

}  // namespace piperpc::codegen
