#pragma once

#include "instance.hpp"
#include "instantiate.hpp"
#include "module.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// Names for what modules import. What was bound or defined last under a name counts.
// Host functions may be used in any number of stores; everything else belongs to one.
class linker {
 public:
  // Any callable. Parameters: an optional caller& first, then integers, enums, float, double, v128, externref, func<>,
  // slice<T>, cstr. Results: the same but for the last two, a std::tuple of them, void, or a result<> whose failure is
  // what the call into the store ends with.
  template <class F>
  void bind(std::string_view module, std::string_view name, F&& f) { put(module, name, host_function_of(std::forward<F>(f))); }
  // A member function, its own or inherited; the object has to live as long as the stores.
  template <class M, class C, class D>
  void bind(std::string_view module, std::string_view name, M C::*member, D& object) { put(module, name, host_function_of(member, object)); }
  // A function known while compiling: no state, called directly.
  template <auto F>
  void bind(std::string_view module, std::string_view name) { put(module, name, host_function_of<F>()); }

  void define(std::string_view module, std::string_view name, const definition& d) { put(module, name, d); }
  void define(std::string_view module, std::string_view name, lightbeam::func<> f) { put(module, name, definition(const_cast<function_record*>(f.record()))); }
  void define(std::string_view module, std::string_view name, memory m) { put(module, name, definition(m.object())); }
  void define(std::string_view module, std::string_view name, table t) { put(module, name, definition(t.object())); }
  void define(std::string_view module, std::string_view name, const global<>& g) { put(module, name, definition(g.cell())); }
  // All exports of an instance.
  void instance(std::string_view module, const lightbeam::instance& i) {
    for (const auto& e : i.exports()) put(module, e.name, i.object()->definition(e.kind, e.index));
  }

  // Finds the imports, makes the instance, and runs its segments and start function. Fails with kind link where an
  // import is missing or of another type, with kind trap where the module itself traps.
  result<lightbeam::instance> instantiate(store& store, const module& m) const {
    const auto made = unless_out_of_memory([&] { return make(store.object(), m); });
    if (!made) return made.error();
    if (auto started = instantiation::start(**made); !started) return started.error();
    return lightbeam::instance(*made);
  }

 private:
  struct entry {
    host_function host;                   // without a shim where something is defined
    std::optional<definition> defined;
  };

  result<instance_object*> make(store_object& store, const module& m) const {
    std::vector<definition> imports;
    for (const auto& i : m.imports()) {
      const auto* const found = find(i.module, i.name);
      if (!found) return missing(m.info(), i);
      imports.push_back(found->defined ? *found->defined : definition(store.record(found->host)));
    }
    return instantiation::run(store, m.image(), imports);
  }

  void put(std::string_view module, std::string_view name, host_function f) { put(module, name, entry{std::move(f), {}}); }
  void put(std::string_view module, std::string_view name, const definition& d) { put(module, name, entry{{}, d}); }
  void put(std::string_view module, std::string_view name, entry e) {
    std::string names = key(module, name);
    if (const auto known = index_.find(names); known != index_.end()) {
      entries_[known->second] = std::move(e);
      return;
    }
    entries_.push_back(std::move(e));
    index_.emplace(std::move(names), std::uint32_t(entries_.size() - 1));
  }
  const entry* find(std::string_view module, std::string_view name) const {
    const auto known = index_.find(key(module, name));
    return known == index_.end() ? nullptr : &entries_[known->second];
  }

  failure missing(const module_info& info, const import_entry& i) const {
    std::string s = "unknown import: \"" + i.module + "\" \"" + i.name + "\", wanted as " + text(info, i);
    std::size_t near = 0;
    for (const auto& [names, e] : index_) {
      const std::size_t end = names.find(separator);
      const std::string module = names.substr(0, end), name = names.substr(end + 1);
      if ((module == i.module ? alike(name, i.name) : name == i.name) && ++near <= 3)
        s += (near == 1 ? "; there is \"" : ", \"") + module + "\" \"" + name + "\"";
    }
    return link_failure("unknown import", std::move(s));
  }
  // Longer names are not compared, which takes the square of their length.
  static constexpr std::size_t longest_compared = 100;
  static bool alike(std::string_view a, std::string_view b) {
    return a.size() <= longest_compared && a.size() <= b.size() + 2 && b.size() <= a.size() + 2 && distance(a, b) <= 2;
  }
  // The number of characters to insert, delete or replace.
  static std::size_t distance(std::string_view a, std::string_view b) {
    plain_vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      std::size_t diagonal = std::exchange(row[0], i);
      for (std::size_t j = 1; j <= b.size(); ++j) {
        const std::size_t replaced = diagonal + (a[i - 1] != b[j - 1]), changed = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
        diagonal = row[j];
        row[j] = replaced < changed ? replaced : changed;
      }
    }
    return row[b.size()];
  }

  // Both names of an import in one: no text in UTF-8 has this byte. A map of strings to numbers is what stores have, too: another
  // would take a tenth of the time that runtime.hpp takes to compile.
  static constexpr char separator = '\xff';
  static std::string key(std::string_view module, std::string_view name) {
    std::string names(module);
    names += separator;
    return names += name;
  }

  std::vector<entry> entries_;
  std::map<std::string, std::uint32_t> index_;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
