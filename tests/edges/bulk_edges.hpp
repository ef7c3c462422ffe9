#pragma once

// Bulk operators and table operators with ranges and indices at the edges, against a model in plain C++.

#include "world.hpp"
#include <functional>

namespace edges {

class bulk_edges {
 public:
  bulk_edges(const policies::any_engine& engine, checks& result) : engine_(engine), checks_(result) {}

  void run() {
    memories();
    tables();
    growth();
  }

 private:
  using bytes = std::vector<std::uint8_t>;
  static constexpr std::uint32_t memory_size = 65536, data_size = 100, table_size = 10, segment_size = 4;

  struct range {
    std::uint32_t to, from, count;
  };
  // Each of the three is small, about a size, or huge.
  static void for_all_ranges(std::initializer_list<std::uint32_t> sizes, const std::function<void(range)>& f) {
    std::vector<std::uint32_t> edge{0, 1, 2, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff};
    for (const auto s : sizes) edge.insert(edge.end(), {s - 2, s - 1, s, s + 1});
    for (const auto to : edge)
      for (const auto from : edge)
        for (const auto count : edge) f({to, from, count});
  }
  static bool inside(std::uint32_t begin, std::uint32_t count, std::uint32_t size) { return std::uint64_t{begin} + count <= size; }
  static std::string text(const char* op, range r) { return std::string(op) + " " + std::to_string(r.to) + " " + std::to_string(r.from) + " " + std::to_string(r.count); }
  static std::initializer_list<val> three() {
    static constexpr std::initializer_list<val> types = {val::i32, val::i32, val::i32};
    return types;
  }
  static void add(module_builder& b, const char* name, const code_writer& w) { b.export_as(name, lightbeam::external::function, b.function({three(), {}}, {}, w)); }
  static code_writer arguments() { return code_writer().op("local.get", 0).op("local.get", 1).op("local.get", 2); }

  // ---- memories

  void memories() {
    module_builder b;
    b.memory(1, 1);
    b.export_as("memory", lightbeam::external::memory, 0);
    bytes data;
    for (std::uint32_t i = 0; i < data_size; ++i) data.push_back(std::uint8_t(200 + i));
    b.passive_data(data);
    add(b, "fill", arguments().op("memory.fill", 0));
    add(b, "copy", arguments().op("memory.copy", 0, 0));
    add(b, "init", arguments().op("memory.init", 0, 0));
    add(b, "drop", code_writer().op("data.drop", 0));
    const world w(engine_, b);
    const bytes before = pattern();
    for_all_ranges({memory_size, data_size}, [&](range r) {
      check(w, "fill", r, before, inside(r.to, r.count, memory_size), [&](bytes& m) { std::memset(m.data() + r.to, std::uint8_t(r.from), r.count); });
      check(w, "copy", r, before, inside(r.to, r.count, memory_size) && inside(r.from, r.count, memory_size), [&](bytes& m) { std::memmove(m.data() + r.to, m.data() + r.from, r.count); });
      check(w, "init", r, before, inside(r.to, r.count, memory_size) && inside(r.from, r.count, data_size), [&](bytes& m) { std::memcpy(m.data() + r.to, data.data() + r.from, r.count); });
    });
    w.call("drop", {0, 0, 0});
    for_all_ranges({memory_size, data_size}, [&](range r) { check(w, "init", r, before, inside(r.to, r.count, memory_size) && inside(r.from, r.count, 0), [](bytes&) {}); });
  }
  static bytes pattern() {
    bytes all(memory_size);
    for (std::uint32_t i = 0; i < memory_size; ++i) all[i] = std::uint8_t(i * 31 + (i >> 8));
    return all;
  }
  void check(const world& w, const char* op, range r, const bytes& before, bool good, const std::function<void(bytes&)>& effect) {
    const auto m = w.memory().bytes();
    std::memcpy(m.data(), before.data(), before.size());
    bytes after = before;
    if (good) effect(after);
    const outcome wanted = good ? outcome{} : outcome{trap_code::memory_out_of_bounds};
    checks_.expect(wanted, w.call(op, {std::int32_t(r.to), std::int32_t(r.from), std::int32_t(r.count)}), text(op, r));
    checks_.expect(std::memcmp(m.data(), after.data(), after.size()) == 0, text(op, r) + ": the memory differs from what it must be");
  }

  // ---- tables: element i is function i, which returns i

  void tables() {
    module_builder b;
    std::vector<std::uint32_t> all;
    for (std::uint32_t i = 0; i < table_size; ++i) all.push_back(b.function({{}, {val::i32}}, {}, code_writer().i32(std::int32_t(i))));
    b.table(all);
    const std::uint32_t segment[segment_size] = {9, 8, 7, 6};
    b.passive_elements(segment);
    b.export_as("table", lightbeam::external::table, 0);
    const std::uint32_t type = b.type({{}, {val::i32}}), other = b.type({{val::f32}, {}});
    add(b, "init", arguments().op("table.init", 1, 0));
    add(b, "copy", arguments().op("table.copy", 0, 0));
    add(b, "fill", code_writer().op("local.get", 0).op("ref.func", 5).op("local.get", 2).op("table.fill", 0));
    add(b, "set", code_writer().op("local.get", 0).op("ref.func", 5).op("table.set", 0));
    add(b, "clear", code_writer().op("local.get", 0).constant_null().op("local.get", 2).op("table.fill", 0));
    add(b, "call wrongly", code_writer().constant(val::f32, 0).op("local.get", 0).op("call_indirect", other, 0));
    const auto one = [&](const char* name, const code_writer& body) { b.export_as(name, lightbeam::external::function, b.function({three(), {val::i32}}, {}, body)); };
    one("get", code_writer().op("local.get", 0).op("table.get", 0).op("ref.is_null"));
    one("call", code_writer().op("local.get", 0).op("call_indirect", type, 0));
    const world w(engine_, b);
    for_all_ranges({table_size, segment_size}, [&](range r) { check_table(w, r, segment); });
  }
  using model = std::vector<int>;  // the number of the function, -1 for null
  static model contents(const world& w) {
    model all;
    for (std::uint32_t i = 0; i < w.table().size(); ++i) {
      const auto f = w.table().at(i).value();
      all.push_back(f.is_null() ? -1 : f({}).value()[0].as<std::int32_t>());
    }
    return all;
  }
  void check_table(const world& w, range r, const std::uint32_t* segment) {
    const bool to_fits = inside(r.to, r.count, table_size), one_fits = inside(r.to, 1, table_size);
    const auto table_trap = [](bool good) { return good ? outcome{} : outcome{trap_code::table_out_of_bounds}; };
    const auto step = [&](const char* op, const outcome& wanted, const std::function<void(model&)>& effect) {
      model after = contents(w);
      if (!wanted.trap) effect(after);
      checks_.expect(wanted, w.call(op, {std::int32_t(r.to), std::int32_t(r.from), std::int32_t(r.count)}), std::string("table ") + text(op, r));
      checks_.expect(contents(w) == after, std::string("table ") + text(op, r) + ": the table differs from what it must be");
    };
    step("init", table_trap(to_fits && inside(r.from, r.count, segment_size)), [&](model& m) {
      for (std::uint32_t i = 0; i < r.count; ++i) m[r.to + i] = int(segment[r.from + i]);
    });
    step("copy", table_trap(to_fits && inside(r.from, r.count, table_size)), [&](model& m) {
      const model before = m;
      for (std::uint32_t i = 0; i < r.count; ++i) m[r.to + i] = before[r.from + i];
    });
    step("set", table_trap(one_fits), [&](model& m) { m[r.to] = 5; });
    step("call wrongly", one_fits ? outcome{trap_code::indirect_call_type_mismatch} : outcome{trap_code::undefined_element}, [](model&) {});
    step("clear", table_trap(to_fits), [&](model& m) { std::fill_n(m.begin() + std::ptrdiff_t(r.to), r.count, -1); });
    const model now = contents(w);
    const bool null = one_fits && now[r.to] < 0;
    step("get", one_fits ? outcome{{}, null} : table_trap(false), [](model&) {});
    step("call", !one_fits ? outcome{trap_code::undefined_element} : null ? outcome{trap_code::uninitialized_element} : outcome{{}, std::uint64_t(now[r.to])}, [](model&) {});
    step("fill", table_trap(to_fits), [&](model& m) { std::fill_n(m.begin() + std::ptrdiff_t(r.to), r.count, 5); });
    for (std::uint32_t i = 0; i < table_size; ++i) checks_.expect(bool(w.table().set(i, w.table().at(i).value())), "table.set by the host");
  }

  // ---- memory.grow: what lies beyond the old end can be reached afterwards, and nothing beyond the new one

  void growth() {
    for (const std::uint32_t maximum : {0u, 1u, 3u, 65535u, 65536u})
      for (const std::uint32_t delta : {0u, 1u, 2u, 3u, 65534u, 65535u, 65536u, 0x7fffffffu, 0x80000000u, 0xffffffffu}) grow(maximum, delta);
  }
  void grow(std::uint32_t maximum, std::uint32_t delta) {
    module_builder b;
    b.memory(0, maximum);
    b.export_as("memory", lightbeam::external::memory, 0);
    const auto one = [&](const char* name, const code_writer& body) { b.export_as(name, lightbeam::external::function, b.function({three(), {val::i32}}, {}, body)); };
    one("grow", code_writer().op("local.get", 0).op("memory.grow", 0));
    one("size", code_writer().op("memory.size", 0));
    one("load", code_writer().op("local.get", 0).memory("i32.load", 0));
    const world w(engine_, b);
    const std::uint32_t most = std::min(maximum, 65535u), pages = delta <= most ? delta : 0;
    const std::string what = "memory.grow " + std::to_string(delta) + " of at most " + std::to_string(maximum);
    checks_.expect({{}, delta <= most ? 0u : 0xffffffffu}, w.call("grow", {std::int32_t(delta), 0, 0}), what);
    checks_.expect({{}, pages}, w.call("size", {0, 0, 0}), what + ": memory.size");
    const std::uint64_t size = std::uint64_t{pages} * 65536;
    for (const std::uint32_t back : {0u, 1u, 3u, 4u, 5u}) {
      const auto at = std::uint32_t(size - back);
      const bool good = std::uint64_t{at} + 4 <= size;
      checks_.expect(good ? outcome{} : outcome{trap_code::memory_out_of_bounds}, w.call("load", {std::int32_t(at), 0, 0}), what + ": i32.load " + std::to_string(at));
    }
  }

  const policies::any_engine& engine_;
  checks& checks_;
};

}  // namespace edges
