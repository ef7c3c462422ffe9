#pragma once

#include "store.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// An instance of a module. Belongs to its store, and must not be used after it.
class instance {
 public:
  explicit instance(instance_object* object) : object_(object) {}

  // The exported function of this name, whose type is checked once, here: get<std::int32_t(float)>("f").
  template <class F>
  result<lightbeam::func<F>> get(std::string_view name) const {
    const auto f = func(name);
    if (!f) return f.error();
    return f->template as<F>();
  }
  result<lightbeam::func<>> func(std::string_view name) const {
    const auto d = find(name, external::function, "function");
    if (!d) return d.error();
    return lightbeam::func<>(d->function);
  }
  result<lightbeam::memory> memory(std::string_view name) const {
    const auto d = find(name, external::memory, "memory");
    if (!d) return d.error();
    return lightbeam::memory(d->memory);
  }
  result<lightbeam::table> table(std::string_view name) const {
    const auto d = find(name, external::table, "table");
    if (!d) return d.error();
    return lightbeam::table(d->table);
  }
  result<lightbeam::global<>> global(std::string_view name) const {
    const auto d = find(name, external::global, "global");
    if (!d) return d.error();
    return lightbeam::global<>(d->global);
  }
  template <class T>
  result<lightbeam::global<T>> global(std::string_view name) const {
    const auto g = global(name);
    if (!g) return g.error();
    return g->template as<T>();
  }

  std::span<const export_entry> exports() const { return object_->info().exports; }
  // Any export, to be handed to linker::define.
  std::optional<definition> exported(std::string_view name) const { return object_->exported(name); }
  instance_object* object() const { return object_; }

 private:
  result<definition> find(std::string_view name, external kind, const char* what) const {
    const auto d = exported(name);
    if (!d) return link_failure("unknown export", "the module exports nothing by the name \"" + std::string(name) + "\"");
    if (d->kind != kind) return link_failure("wrong export", "the export \"" + std::string(name) + "\" is no " + what);
    return *d;
  }

  instance_object* object_;
};

inline std::optional<instance> caller::instance() const {
  if (!instance_) return {};
  return lightbeam::instance(instance_);
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
