#pragma once

#include "../gen/calls.hpp"
#include "../gen/lower.hpp"
#include "../gen/memory_shapes.hpp"

// Memory operators: section 4.4.7 of the specification.
namespace lightbeam::inline LIGHTBEAM_ABI {

template <> inline constexpr auto lower<"i32.load"> = memory_load{load_op::mov32, 4, val::i32};
template <> inline constexpr auto lower<"i64.load"> = memory_load{load_op::mov64, 8, val::i64};
template <> inline constexpr auto lower<"f32.load"> = memory_load{load_op::movss, 4, val::f32};
template <> inline constexpr auto lower<"f64.load"> = memory_load{load_op::movsd, 8, val::f64};
template <> inline constexpr auto lower<"i32.load8_s"> = memory_load{load_op::movsx8_32, 1, val::i32};
template <> inline constexpr auto lower<"i32.load8_u"> = memory_load{load_op::movzx8, 1, val::i32};
template <> inline constexpr auto lower<"i32.load16_s"> = memory_load{load_op::movsx16_32, 2, val::i32};
template <> inline constexpr auto lower<"i32.load16_u"> = memory_load{load_op::movzx16, 2, val::i32};
template <> inline constexpr auto lower<"i64.load8_s"> = memory_load{load_op::movsx8_64, 1, val::i64};
template <> inline constexpr auto lower<"i64.load8_u"> = memory_load{load_op::movzx8, 1, val::i64};
template <> inline constexpr auto lower<"i64.load16_s"> = memory_load{load_op::movsx16_64, 2, val::i64};
template <> inline constexpr auto lower<"i64.load16_u"> = memory_load{load_op::movzx16, 2, val::i64};
template <> inline constexpr auto lower<"i64.load32_s"> = memory_load{load_op::movsxd, 4, val::i64};
template <> inline constexpr auto lower<"i64.load32_u"> = memory_load{load_op::mov32, 4, val::i64};

template <> inline constexpr auto lower<"i32.store"> = memory_store{store_op::mov32, 4, val::i32};
template <> inline constexpr auto lower<"i64.store"> = memory_store{store_op::mov64, 8, val::i64};
template <> inline constexpr auto lower<"f32.store"> = memory_store{store_op::movss, 4, val::f32};
template <> inline constexpr auto lower<"f64.store"> = memory_store{store_op::movsd, 8, val::f64};
template <> inline constexpr auto lower<"i32.store8"> = memory_store{store_op::mov8, 1, val::i32};
template <> inline constexpr auto lower<"i32.store16"> = memory_store{store_op::mov16, 2, val::i32};
template <> inline constexpr auto lower<"i64.store8"> = memory_store{store_op::mov8, 1, val::i64};
template <> inline constexpr auto lower<"i64.store16"> = memory_store{store_op::mov16, 2, val::i64};
template <> inline constexpr auto lower<"i64.store32"> = memory_store{store_op::mov32, 4, val::i64};

// The length in bytes stands below the base, whoever owns the memory.
template <> inline constexpr auto lower<"memory.size"> = rarely{[](auto& g, std::uint32_t memory) {
  if (!g.has_memory(memory)) return;
  const destination d = g.target(val::i32);
  g.a.load(load_op::mov64, d.in, {convention::memory_base, reg::none, 0, -8});
  g.a.shift(shift_op::shr, width::w64, d.in, 16);
  g.finish(d, val::i32);
}};

// What the runtime does: which function, how many operands, what it gives back.
struct runtime_operator {
  runtime_call number;
  std::uint8_t operands;
  val result;

  void operator()(auto& g, std::uint64_t indices, bool has_indices) const {
    g.settle_loads();
    calls<policy_of<decltype(g)>>::runtime(g, number, operands, &indices, has_indices ? 1 : 0, result);
  }
};

template <> inline constexpr auto lower<"memory.grow"> = rarely{[](auto& g, std::uint32_t memory) {
  if (g.has_memory(memory)) runtime_operator{runtime_call::memory_grow, 1, val::i32}(g, 0, false);
}};
template <> inline constexpr auto lower<"memory.fill"> = rarely{[](auto& g, std::uint32_t memory) {
  if (g.has_memory(memory)) runtime_operator{runtime_call::memory_fill, 3, val::none}(g, 0, false);
}};
template <> inline constexpr auto lower<"memory.copy"> = rarely{[](auto& g, two_indices memories) {
  if (g.has_memory(memories.first) && g.has_memory(memories.second)) runtime_operator{runtime_call::memory_copy, 3, val::none}(g, 0, false);
}};
template <> inline constexpr auto lower<"memory.init"> = rarely{[](auto& g, two_indices i) {
  if (g.has_memory(i.second) && g.has_data(i.first)) runtime_operator{runtime_call::memory_init, 3, val::none}(g, i.first, true);
}};
template <> inline constexpr auto lower<"data.drop"> = rarely{[](auto& g, std::uint32_t segment) {
  if (g.has_data(segment)) runtime_operator{runtime_call::data_drop, 0, val::none}(g, segment, true);
}};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
