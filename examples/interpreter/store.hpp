#pragma once

// What a program has at run time: section 4.2 of the specification. A store owns everything and frees it all at once,
// so a reference inside of it is a plain pointer.

#include <lightbeam/core/error.hpp>
#include <lightbeam/wasm/module.hpp>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <variant>

namespace interpreter {

using lightbeam::function_type;
using lightbeam::module_info;
using lightbeam::val;

// A value of any type but v128: an i32 or f32 in the lower half (the upper one is zero), a reference as `reference` says.
using word = std::uint64_t;

struct instance;
struct function;

// A funcref is the address of its function, an externref any number the host likes but 0, which is null.
inline word reference(function* f) { return reinterpret_cast<std::uintptr_t>(f); }
inline function* referent(word r) { return reinterpret_cast<function*>(std::uintptr_t(r)); }

struct memory {
  static constexpr std::uint32_t page = 65536;

  lightbeam::memory_type type;
  std::uint32_t pages = 0;
  std::unique_ptr<std::uint8_t, decltype(&std::free)> bytes{nullptr, &std::free};

  explicit memory(const lightbeam::memory_type& t) : type(t) { grow(t.size.minimum); }
  std::uint64_t size() const { return std::uint64_t(pages) * page; }
  bool holds(std::uint64_t at, std::uint64_t count) const { return count <= size() && at <= size() - count; }

  // The old size in pages, or -1.
  std::uint32_t grow(std::uint32_t more) {
    const std::uint64_t want = std::uint64_t(pages) + more;
    if (want > type.size.maximum.value_or(65536) || want > 65536) return std::uint32_t(-1);
    // calloc takes fresh pages of the system, which cost nothing until they are touched.
    auto* grown = static_cast<std::uint8_t*>(std::calloc(std::size_t(want) * page + 1, 1));
    if (!grown) return std::uint32_t(-1);
    if (bytes) std::memcpy(grown, bytes.get(), std::size_t(size()));
    bytes.reset(grown);
    return std::exchange(pages, std::uint32_t(want));
  }
};

struct table {
  static constexpr std::uint32_t limit = 10'000'000;  // elements; that of the JS API

  lightbeam::table_type type;
  std::vector<word> elements;

  explicit table(const lightbeam::table_type& t) : type(t), elements(t.size.minimum) {}
  bool holds(std::uint64_t at, std::uint64_t count) const { return at + count <= elements.size(); }

  std::uint32_t grow(word filler, std::uint32_t more) {
    const std::uint64_t want = elements.size() + std::uint64_t(more);
    if (want > type.size.maximum.value_or(0xffffffff) || want > limit) return std::uint32_t(-1);
    const auto old = std::uint32_t(elements.size());
    elements.resize(std::size_t(want), filler);
    return old;
  }
};

struct global {
  lightbeam::global_type type;
  word bits = 0;
};

// Arguments in, results out; a failure is a trap of the host's own.
using host_function = std::function<std::optional<lightbeam::failure>(std::span<const word> arguments, std::span<word> results)>;

struct code;

struct function {
  function_type type;
  instance* owner = nullptr;  // null for functions of the host
  std::uint32_t index = 0;    // in its module
  host_function host;
  std::shared_ptr<const code> body;  // decoded at the first call
};

using external = std::variant<function*, table*, memory*, global*>;  // in the order of lightbeam::external

struct instance {
  std::shared_ptr<const module_info> module;
  std::vector<function*> functions;
  std::vector<table*> tables;
  std::vector<memory*> memories;
  std::vector<global*> globals;
  std::vector<std::vector<word>> elements;                  // of each segment; empty when dropped
  std::vector<std::span<const std::uint8_t>> data;          // likewise

  external at(lightbeam::external kind, std::uint32_t index) const {
    switch (kind) {
      case lightbeam::external::function: return functions[index];
      case lightbeam::external::table: return tables[index];
      case lightbeam::external::memory: return memories[index];
      case lightbeam::external::global: return globals[index];
    }
    std::abort();
  }
  std::optional<external> find(std::string_view name) const {
    for (const auto& e : module->exports)
      if (e.name == name) return at(e.kind, e.index);
    return {};
  }
  template <class T>
  T* find(std::string_view name) const {
    const auto found = find(name);
    const auto* p = found ? std::get_if<T*>(&*found) : nullptr;
    return p ? *p : nullptr;
  }
};

class store {
 public:
  function* add(function f) { return &functions_.emplace_back(std::move(f)); }
  table* add(table t) { return &tables_.emplace_back(std::move(t)); }
  memory* add(memory m) { return &memories_.emplace_back(std::move(m)); }
  global* add(global g) { return &globals_.emplace_back(g); }
  instance* add(instance i) { return &instances_.emplace_back(std::move(i)); }

 private:
  // A deque keeps its elements where they are.
  std::deque<function> functions_;
  std::deque<table> tables_;
  std::deque<memory> memories_;
  std::deque<global> globals_;
  std::deque<instance> instances_;
};

}  // namespace interpreter
