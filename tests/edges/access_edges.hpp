#pragma once

// Loads and stores at the edges of a memory: every operator, over every form that an address has in the compiler.

#include "world.hpp"
#include <set>

namespace edges {

// How the address comes to the operator.
enum class form : std::uint8_t { local, temporary, slot, sum, known_sum, scaled, constant };
inline constexpr form dynamic_forms[] = {form::local, form::temporary, form::slot, form::sum, form::known_sum, form::scaled};

class access_edges {
 public:
  access_edges(const policies::any_engine& engine, checks& result) : engine_(engine), checks_(result) {}

  // All operators on a memory of this many pages that cannot grow.
  void run(std::uint32_t pages) {
    for (const auto& row : lightbeam::op_table)
      if (row.immediate == lightbeam::imm::memarg && row.since == lightbeam::feature::mvp) run(row, pages);
  }

 private:
  static constexpr std::uint32_t step = 16;  // between the local and the address in the sums

  struct access {
    const lightbeam::op_row& row;
    std::uint64_t size;  // of the memory
    bool stores() const { return row.type.outs == 0; }
    std::uint32_t width() const {
      const auto digits = row.name.find_last_of("0123456789");
      const std::string_view name = row.name.substr(0, digits + 1);
      for (const auto& [suffix, bytes] : {std::pair{"load8", 1u}, {"store8", 1u}, {"load16", 2u}, {"store16", 2u}, {"load32", 4u}, {"store32", 4u}})
        if (name.ends_with(suffix)) return bytes;
      return lightbeam::is_wide(type()) ? 8 : 4;
    }
    val type() const { return stores() ? row.type.in[1] : row.type.out[0]; }
    bool inside(std::uint32_t address, std::uint32_t offset, std::uint32_t bytes) const { return std::uint64_t{address} + offset + bytes <= size; }
  };

  void run(const lightbeam::op_row& row, std::uint32_t pages) {
    const access a{row, std::uint64_t{pages} * 65536};
    module_builder b;
    b.memory(pages, pages);
    b.export_as("memory", lightbeam::external::memory, 0);
    const auto nothing = b.function({}, {}, {});
    for (const auto offset : offsets(a)) {
      for (const form f : dynamic_forms) add(b, a, name(f, offset), body(a, f, offset, 0, nothing));
      for (const auto address : addresses(a, offset)) add(b, a, name(form::constant, offset, address), body(a, form::constant, offset, address, nothing));
    }
    const world w(engine_, b);
    fill_windows(w.memory(), a);
    for (const auto offset : offsets(a))
      for (const auto address : addresses(a, offset)) {
        for (const form f : dynamic_forms) check(w, a, f, offset, address);
        check(w, a, form::constant, offset, address);
      }
  }

  // ---- what is accessed

  static std::set<std::uint32_t> offsets(const access& a) {
    std::set<std::uint32_t> all{0, 1, 8, 127, 128, 65535, 65536, 0x7fffffff, 0x80000000, 0xffff0000, 0u - a.width(), 0xffffffff};
    for (const std::int64_t d : {-std::int64_t(a.width()), 1 - std::int64_t(a.width()), std::int64_t{0}}) all.insert(std::uint32_t(std::int64_t(a.size) + d));
    return all;
  }
  static std::set<std::uint32_t> addresses(const access& a, std::uint32_t offset) {
    std::set<std::uint32_t> all{0, 1, 15, 16, 0x7fffffff, 0x80000000, 0u - a.width(), 0xffffffff, 0u - offset, 0u - offset - 1};
    for (const std::int64_t back : {std::int64_t{0}, std::int64_t{offset}})
      for (const std::int64_t d : {-std::int64_t(a.width()), 1 - std::int64_t(a.width()), std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}})
        all.insert(std::uint32_t(std::int64_t(a.size) - back + d));
    return all;
  }
  static std::string name(form f, std::uint32_t offset, std::uint32_t address = 0) {
    return std::to_string(int(f)) + " " + std::to_string(offset) + (f == form::constant ? " " + std::to_string(address) : "");
  }

  // ---- functions of (address, rest of the address, value)

  static void add(module_builder& b, const access& a, const std::string& name, const code_writer& body) {
    const std::vector<val> results = a.stores() ? std::vector<val>{} : std::vector{a.type()};
    b.export_as(name, lightbeam::external::function, b.function({{val::i32, val::i32, a.type()}, results}, {}, body));
  }
  static code_writer body(const access& a, form f, std::uint32_t offset, std::uint32_t address, std::uint32_t nothing) {
    code_writer w;
    switch (f) {
      case form::local: w.op("local.get", 0); break;
      case form::temporary: w.op("local.get", 0).op("local.get", 0).op("i32.and"); break;
      case form::slot: w.op("local.get", 0).op("local.get", 0).op("i32.and").op("call", nothing); break;
      case form::sum: w.op("local.get", 0).i32(step).op("i32.add"); break;
      case form::known_sum: w.op("local.get", 0).memory("i32.load8_u", 0).op("drop").op("local.get", 0).i32(step).op("i32.add"); break;
      case form::scaled: w.op("local.get", 0).i32(2).op("i32.shl").op("local.get", 1).op("i32.add"); break;
      case form::constant: w.i32(std::int32_t(address)); break;
    }
    if (a.stores() && offset % 2) w.constant(a.type(), stored);
    else if (a.stores()) w.op("local.get", 2);
    w.opcode(a.row.code);
    w.u32(0).u32(offset);
    return w;
  }
  static constexpr std::uint64_t stored = 0xf1e2d3c4b5a69788;

  // ---- what must happen

  void check(const world& w, const access& a, form f, std::uint32_t offset, std::uint32_t address) {
    std::uint32_t first = address, second = 0;
    if (f == form::sum || f == form::known_sum) first = address - step;
    if (f == form::scaled) first = address >> 2, second = address & 3;
    const bool good = a.inside(address, offset, a.width()) && (f != form::known_sum || a.inside(first, 0, 1));
    const auto memory = w.memory();
    const std::uint64_t at = std::uint64_t{address} + offset;
    auto wanted_memory = windows(memory, a, at);
    outcome wanted;
    if (!good) wanted.trap = trap_code::memory_out_of_bounds;
    else if (!a.stores()) wanted.bits = loaded(memory, a, at);
    else replace(wanted_memory, a, at);
    const std::uint64_t bits = lightbeam::is_wide(a.type()) ? stored : std::uint32_t(stored);
    const std::string what = std::string(a.row.name) + " offset " + std::to_string(offset) + ", address " + std::to_string(address) + ", form " + std::to_string(int(f)) + ", memory of " + std::to_string(a.size);
    checks_.expect(wanted, w.call(name(f, offset, address), {std::int32_t(first), std::int32_t(second), any_value::from_words(a.type(), &bits)}), what);
    checks_.expect(windows(memory, a, at) == wanted_memory && w.canaries_live(), what + ": the memory differs from what it must be");
    if (good && a.stores()) fill_windows(memory, a);
  }
  static std::uint64_t loaded(const lightbeam::memory& m, const access& a, std::uint64_t at) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, m.bytes().data() + at, a.width());
    const int unused = 64 - 8 * int(a.width());
    if (a.row.name.ends_with("_s")) bits = std::uint64_t(std::int64_t(bits << unused) >> unused);
    return lightbeam::is_wide(a.type()) ? bits : std::uint32_t(bits);
  }

  // ---- the memory: all of a small one; of a large one what lies about its ends, its middle and the access

  static constexpr std::uint64_t reach = 64, small = 65536;
  static std::vector<std::pair<std::uint64_t, std::uint64_t>> ranges(const access& a, std::uint64_t at) {
    if (a.size <= small) return {{0, a.size}};
    std::vector<std::pair<std::uint64_t, std::uint64_t>> all;
    for (const std::uint64_t middle : {std::uint64_t{0}, std::uint64_t{65536}, std::uint64_t{1} << 31, a.size, at & 0xffffffff, at})
      all.emplace_back(std::min(a.size, middle - std::min(middle, reach)), std::min(a.size, middle + reach));
    return all;
  }
  static std::vector<std::uint8_t> windows(const lightbeam::memory& m, const access& a, std::uint64_t at) {
    std::vector<std::uint8_t> all;
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(m.bytes().data());
    for (const auto& [begin, end] : ranges(a, at)) all.insert(all.end(), bytes + begin, bytes + end);
    return all;
  }
  static void replace(std::vector<std::uint8_t>& all, const access& a, std::uint64_t at) {
    std::size_t from = 0;
    for (const auto& [begin, end] : ranges(a, at)) {
      for (std::uint32_t i = 0; i < a.width(); ++i)
        if (at + i >= begin && at + i < end) all[from + std::size_t(at + i - begin)] = std::uint8_t(stored >> (8 * i));
      from += std::size_t(end - begin);
    }
  }
  static void fill_windows(const lightbeam::memory& m, const access& a) {
    for (const auto& [begin, end] : ranges(a, 0))
      for (std::uint64_t i = begin; i < end; ++i) m.bytes()[i] = std::byte(i * 151 + (i >> 8) * 7 + 129);
  }

  const policies::any_engine& engine_;
  checks& checks_;
};

}  // namespace edges
