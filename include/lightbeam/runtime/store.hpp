#pragma once

#include "global.hpp"
#include "host.hpp"
#include "instance_object.hpp"
#include "memory.hpp"
#include "table.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// 64_MiB: sizes in bytes.
inline namespace literals {
consteval std::uint64_t operator""_KiB(unsigned long long n) { return n << 10; }
consteval std::uint64_t operator""_MiB(unsigned long long n) { return n << 20; }
}  // namespace literals

// What all of a store may use. What exists already is not taken away; a memory never grows beyond what it could when it was made.
struct store_limits {
  std::uint64_t memory_bytes = ~std::uint64_t{0};  // of all memories together; one has 65,535 pages at most
  std::uint64_t table_elements = 10'000'000;       // of all tables together
  std::uint64_t stack_bytes = 4 << 20;             // of compiled code, counted from where it was entered
};

// Owns instances, memories, tables, globals and functions of the host, as in the specification: all die with it.
// To be used by one thread at a time.
class store {
 public:
  store() : object_(new store_object) { limits({}); }
  explicit store(const store_limits& l) : store() { limits(l); }
  store(store&&) = default;
  store& operator=(store&&) = default;
  ~store() { assert((!object_ || object_->depth == 0) && "a store is destroyed while it runs"); }

  void limits(const store_limits& l) {
    object_->memory_bytes.limit = l.memory_bytes;
    object_->table_elements.limit = l.table_elements;
    object_->stack_bytes = l.stack_bytes;
  }
  // Data of the host that its functions reach by caller::data<T>(); not owned.
  template <class T>
  void data(T* p) { object_->host_data = p, object_->host_data_type = &type_mark<T>; }

  // Objects that no module defines; linker::define gives them names. Types that no module could have fail with kind invalid.
  result<memory> make_memory(const memory_type& type, memory_kind kind = memory_kind::bounds_checks) {
    return unless_out_of_memory([&]() -> result<memory> {
      if (auto possible = check(type.size); !possible) return possible.error();
      auto made = memory_object::make(type, kind, object_->memory_bytes);
      if (!made) return made.error();
      return memory(object_->own(std::move(*made)));
    });
  }
  // Its elements are null.
  result<table> make_table(const table_type& type) {
    return unless_out_of_memory([&]() -> result<table> {
      if (!is_reference(type.element)) return failure(failure_kind::invalid, "elements of a table must be references");
      if (auto possible = check(type.size); !possible) return possible.error();
      auto made = table_object::make(type, object_->table_elements);
      if (!made) return made.error();
      return table(object_->own(std::move(*made)));
    });
  }
  // A function of another store is an error as result<>::value() raises it.
  template <wasm_value T>
  global<T> make_global(T x, bool is_mutable = false) {
    if (!belongs(*object_, x)) raise(of_another_store());
    const auto cell = object_->new_global({wasm_type<T>::type, is_mutable});
    wasm_type<T>::put(cell.value, x);
    return *global<T>::from(global<>(cell));
  }
  // A function of the host as a reference: any callable that linker::bind takes.
  template <class F>
  func<> make_func(F&& f) { return func<>(object_->record(host_function_of(std::forward<F>(f)))); }

  store_object& object() const { return *object_; }

 private:
  static result<void> check(const auto& size) {
    if (!size.maximum || size.minimum <= *size.maximum) return {};
    return failure(failure_kind::invalid, "size minimum must not be greater than maximum");
  }

  owner<store_object> object_;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
