#include "shapes.hpp"

// Shapes of one function's body.
namespace bombs {
namespace {

using writer = code_writer;

// `part` so many times, then what may follow.
template <class F>
writer repeated(std::uint32_t n, F part) {
  writer w;
  for (std::uint32_t i = 0; i < n; ++i) part(w);
  return w;
}
void drops(writer& w, std::uint32_t n) {
  for (std::uint32_t i = 0; i < n; ++i) w.op("drop");
}

bytes locals(std::uint32_t n) {
  writer w;
  std::vector<assembly::group> groups;
  for (std::uint32_t i = 0; i < n; ++i) {
    groups.push_back({1, i % 2 ? val::i64 : val::i32});
    w.op("local.get", i).op("local.set", i);
  }
  return one_function(w, groups);
}
bytes nested_blocks(std::uint32_t n) {
  auto w = repeated(n, [](writer& b) { b.block("block"); });
  for (std::uint32_t i = 0; i < n; ++i) w.op("end");
  return one_function(w);
}
bytes nested_loops(std::uint32_t n) {
  auto w = repeated(n, [](writer& b) { b.block("loop").op("local.get", 0).op("drop"); });
  for (std::uint32_t i = 0; i < n; ++i) w.op("end");
  return one_function(w);
}
bytes nested_ifs(std::uint32_t n) {
  auto w = repeated(n, [](writer& b) { b.op("local.get", 0).block("if"); });
  for (std::uint32_t i = 0; i < n; ++i) w.op("else").op("end");
  return one_function(w);
}
bytes blocks_in_a_row(std::uint32_t n) {
  return one_function(repeated(n, [](writer& b) { b.block("block").op("end"); }));
}
bytes dead_regions(std::uint32_t n) {
  return one_function(repeated(n, [](writer& b) { b.block("block").op("unreachable").op("nop").op("end"); }));
}
bytes branch_table(std::uint32_t n) {
  writer w;
  w.block("block").block("block").op("local.get", 0).op("br_table", n);
  for (std::uint32_t i = 0; i <= n; ++i) w.u32(i % 2);
  return one_function(w.op("end").op("end"));
}
bytes branch_tables_in_a_loop(std::uint32_t n) {
  writer w;
  std::vector<assembly::group> groups{{100, val::i32}};
  for (int i = 0; i < 100; ++i) w.block("block");
  w.block("loop");
  for (std::uint32_t i = 0; i < 20; ++i) w.op("local.get", 50 + i).op("local.set", 49 + i);
  for (std::uint32_t k = 0; k < n; ++k) {
    w.block("block").op("local.get", 0).op("br_table", 100);
    for (std::uint32_t i = 0; i <= 100; ++i) w.u32(i);
    w.op("end");
  }
  w.op("end");
  for (int i = 0; i < 100; ++i) w.op("end");
  return one_function(w, groups);
}
bytes long_function(std::uint32_t n) {
  return one_function(repeated(n, [](writer& b) { b.op("local.get", 0).i32(1).op("i32.add").op("local.set", 1); }));
}
bytes constants_deep(std::uint32_t n) {
  auto w = repeated(n, [](writer& b) { b.i32(7); });
  drops(w, n);
  return one_function(w);
}
bytes sums_deep(std::uint32_t n) {
  auto w = repeated(n, [](writer& b) { b.op("local.get", 0).op("local.get", 1).op("i32.xor"); });
  drops(w, n);
  return one_function(w);
}
bytes selects(std::uint32_t n) {
  writer w;
  w.op("local.get", 0);
  for (std::uint32_t i = 0; i < n; ++i) w.op("local.get", 1).op("local.get", 2).op("select");
  return one_function(w.op("drop"));
}
bytes conversions(std::uint32_t n) {
  writer w;
  w.constant(val::i64, 1);
  for (std::uint32_t i = 0; i < n; ++i) w.op("f64.convert_i64_u").op("i64.trunc_f64_u");
  return one_function(w.op("drop"));
}
// Locals 0 to 2 are integers, 3 to 5 floats; none of them is the constant 0 any more.
writer with_locals() {
  writer w;
  for (std::uint32_t i = 0; i < 3; ++i) w.i32(0).memory("i32.load", 0).op("local.set", i);
  for (std::uint32_t i = 3; i < 6; ++i) w.i32(0).memory("f64.load", 0).op("local.set", i);
  return w;
}
// A deep stack of what emits nothing, with something on top again and again.
template <class F>
bytes over_a_deep_stack(std::uint32_t n, F part) {
  auto w = with_locals();
  for (std::uint32_t i = 0; i < n; ++i) w.op("local.get", 0);
  for (std::uint32_t i = 0; i < n; ++i) part(w);
  w.op("unreachable");
  return one_function(w, {{3, val::i32}, {3, val::f64}});
}
bytes writes_over_readers(std::uint32_t n) {
  return over_a_deep_stack(n, [](writer& b) { b.op("local.get", 1).op("local.get", 1).op("i32.xor").op("local.set", 2); });
}
bytes stores_over_locals(std::uint32_t n) {
  return over_a_deep_stack(n, [](writer& b) { b.i32(0).i32(0).memory("i32.store", 0); });
}
bytes blocks_over_locals(std::uint32_t n) {
  return over_a_deep_stack(n, [](writer& b) { b.block("block").op("end"); });
}
// All general temporaries are taken at the bottom, and the float ones overflow all the time.
bytes floats_over_integers(std::uint32_t n) {
  auto w = with_locals();
  for (int i = 0; i < 3; ++i) w.op("local.get", 0).op("local.get", 1).op("i32.xor");
  for (std::uint32_t i = 0; i < n; ++i) w.op("local.get", 2);
  for (std::uint32_t i = 0; i < n; ++i) w.op("local.get", 3).op("local.get", 4).op("f64.add");
  return one_function(w.op("unreachable"), {{3, val::i32}, {3, val::f64}});
}
// Registers are wanted again and again, and their owners lie ever deeper.
bytes registers_over_values(std::uint32_t n) {
  const auto product = [](writer& w) { w.op("local.get", 0).op("local.get", 0).op("i32.mul"); };
  writer w;
  for (std::uint32_t i = 0; i < n; ++i) i % 70 ? void(w.op("local.get", 0)) : product(w);
  for (std::uint32_t i = 0; i < n; ++i) {
    for (int k = 0; k < 4; ++k) product(w);
    drops(w, 4);
  }
  drops(w, n);
  return one_function(w);
}
bytes calls_over_live_locals(std::uint32_t n) {
  writer w;
  for (std::uint32_t i = 0; i < 100; ++i) w.i32(1).op("local.set", i);
  for (std::uint32_t i = 0; i < n; ++i) w.op("call", 0);
  for (std::uint32_t i = 0; i < 100; ++i) w.op("local.get", i).op("drop");
  return one_function(w, {{100, val::i32}});
}
bytes calls_over_live_values(std::uint32_t n) {
  return over_a_deep_stack(n, [](writer& b) { b.op("call", 0); });
}
bytes short_loops(std::uint32_t n) {
  writer w;
  for (std::uint32_t i = 0; i < n; ++i) w.block("loop").op("local.get", i % 100).op("drop").op("end");
  return one_function(w, {{100, val::i32}});
}
bytes exits_from_a_loop(std::uint32_t n) {
  writer w;
  w.block("block").block("loop");
  for (std::uint32_t i = 0; i < 20; ++i) w.op("local.get", 50 + i).op("local.set", 49 + i);
  for (std::uint32_t i = 0; i < n; ++i) w.op("local.get", 0).op("br_if", 1);
  return one_function(w.op("end").op("end"), {{100, val::i32}});
}
bytes loads(std::uint32_t n) {
  return one_function(repeated(n, [](writer& b) { b.op("local.get", 0).memory("i32.load", 0).op("local.set", 0); }));
}

// A function with type 1: [] -> [i32 x k], and type 2, the reverse.
template <class F>
bytes with_results(std::uint32_t k, F body) {
  assembly m;
  m.type({}, {});
  const value_types many(k, val::i32);
  m.type({}, many), m.type(many, {});
  code_writer give;
  for (std::uint32_t i = 0; i < k; ++i) give.i32(1);
  m.function(1, {}, give);
  m.function(2, {}, {});
  writer w;
  body(w);
  m.function(0, {{2, val::i32}}, w);
  return m.finish();
}
void unreachable_results(writer& w) { w.block_of_type("block", 1).op("unreachable").op("end"); }

bytes calls_with_constants(std::uint32_t n) {
  return with_results(1000, [&](writer& w) {
    for (std::uint32_t i = 0; i < n; ++i) {
      for (int k = 0; k < 1000; ++k) w.i32(k);
      w.op("call", 1);
    }
  });
}
bytes calls_of_two_bytes(std::uint32_t n) {
  return with_results(1000, [&](writer& w) {
    for (std::uint32_t i = 0; i < n; ++i) w.op("call", 0).op("call", 1);
  });
}
// A call hands on what the one before has given.
template <std::uint32_t Count>
bytes calls_in_a_chain(std::uint32_t n) {
  assembly m;
  m.type({}, {});
  const value_types some(Count, val::i32);
  m.type(some, some);
  code_writer give;
  for (std::uint32_t i = 0; i < Count; ++i) give.op("local.get", i);
  m.function(1, {}, give);
  writer w;
  for (std::uint32_t i = 0; i < Count; ++i) w.i32(1);
  for (std::uint32_t i = 0; i < n; ++i) w.op("call", 0);
  for (std::uint32_t i = 0; i < Count; ++i) w.op("drop");
  m.function(0, {}, w);
  return m.finish();
}
// With 2000 operators between them the limit on such results allows them.
template <int Between>
bytes results_never_made(std::uint32_t n) {
  return with_results(1000, [&](writer& w) {
    for (std::uint32_t i = 0; i < n; ++i) {
      w.block("block");
      unreachable_results(w);
      w.op("br", 0).op("end");
      for (int k = 0; k < Between; ++k) w.op("nop");
    }
  });
}
bytes results_piled_up(std::uint32_t n) {
  return with_results(1000, [&](writer& w) {
    for (std::uint32_t i = 0; i < n; ++i) unreachable_results(w);
    w.op("unreachable");
  });
}
bytes branches_with_results(std::uint32_t n) {
  return with_results(10, [&](writer& w) {
    w.block_of_type("block", 1);
    unreachable_results(w);
    for (std::uint32_t i = 0; i < n; ++i) w.op("local.get", 0).op("br_if", 0);
    w.op("end").op("call", 1);
  });
}
bytes branches_allowed(std::uint32_t n) {
  return with_results(1000, [&](writer& w) {
    w.block_of_type("block", 1);
    unreachable_results(w);
    for (std::uint32_t i = 0; i < n; ++i) {
      w.op("local.get", 0).op("br_if", 0);
      for (int k = 0; k < 3000; ++k) w.op("nop");
    }
    w.op("end").op("call", 1);
  });
}
bytes branches_never_taken(std::uint32_t n) {
  return with_results(1000, [&](writer& w) {
    w.block_of_type("block", 1);
    unreachable_results(w);
    for (std::uint32_t i = 0; i < n; ++i) w.i32(0).op("br_if", 0);
    w.op("unreachable").op("end").op("unreachable");
  });
}
bytes tables_with_results(std::uint32_t n) {
  return with_results(10, [&](writer& w) {
    for (std::uint32_t i = 0; i < n; ++i) {
      w.block("block").block_of_type("block", 1).block_of_type("block", 1);
      unreachable_results(w);
      w.op("local.get", 0).op("br_table", 1).u32(0).u32(1);
      w.op("end").op("end").op("br", 0).op("end");
    }
  });
}

}  // namespace

std::vector<shape> shapes_of_bodies() {
  return {
      {"locals, each of its own group", 50'000, locals, nullptr, 3, 4},
      {"nested blocks", 1'000'000, nested_blocks, nullptr, 3, 8},
      {"nested loops", 1'000'000, nested_loops, nullptr, 3, 5},
      {"nested ifs", 1'000'000, nested_ifs, nullptr, 3, 6},
      {"blocks in a row", 1'000'000, blocks_in_a_row},
      {"regions of dead code", 1'000'000, dead_regions},
      {"entries of a br_table", 1'000'000, branch_table},
      {"br_tables of 100 labels in a loop", 10'000, branch_tables_in_a_loop, nullptr, 4},
      {"a function of 7 MB", 1'000'000, long_function},
      {"constants on the stack", 1'000'000, constants_deep},
      {"sums on the stack", 1'000'000, sums_deep},
      {"selects in a chain", 1'000'000, selects},
      {"conversions in a chain", 1'000'000, conversions, "machine code out of proportion to the module"},
      {"local.set over many readers", 500'000, writes_over_readers},
      {"stores over many locals", 500'000, stores_over_locals},
      {"blocks over many locals", 500'000, blocks_over_locals},
      {"floats over taken registers", 500'000, floats_over_integers},
      {"registers over values", 60'000, registers_over_values},
      {"calls over live locals", 500'000, calls_over_live_locals},
      {"calls over live values", 500'000, calls_over_live_values},
      {"short loops of 100 locals", 1'000'000, short_loops},
      {"exits from a loop", 1'000'000, exits_from_a_loop},
      {"loads", 1'000'000, loads},
      {"calls with 1000 constants", 2'000, calls_with_constants},
      {"calls of 1000 results and arguments", 100'000, calls_of_two_bytes, too_many_values},
      {"1000 results that are never made", 100'000, results_never_made<0>, too_many_values},
      {"results that are allowed", 2'000, results_never_made<2000>},
      {"1000 results on 1000 results", 100'000, results_piled_up, "too many operands on the stack"},
      {"br_if with 10 results", 500'000, branches_with_results, too_many_values},
      {"calls that hand on 3 values", 500'000, calls_in_a_chain<3>},
      {"calls that hand on 16 values", 500'000, calls_in_a_chain<16>, too_many_values},
      {"br_if 0 with 1000 results", 500'000, branches_never_taken, too_many_values},
      {"br_if with 1000 results, as allowed", 1'000, branches_allowed},
      {"br_tables with 10 results", 100'000, tables_with_results, too_many_values},
  };
}

}  // namespace bombs
