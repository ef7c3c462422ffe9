#pragma once

#include "../gen/lower.hpp"
#include "../gen/slow.hpp"

// Variable operators: section 4.4.5 of the specification.
namespace lightbeam::inline LIGHTBEAM_ABI {

struct read_local {
  void operator()(auto& g, std::uint32_t i) const {
    if (i >= g.c.local_count) return g.reject();
    g.push(g.c.locals[i]);
  }
  bool quick(auto& g, const row_data&) const {
    const std::uint32_t i = *g.pc;
    if (i >= 0x80 || i >= g.c.local_count) return false;
    ++g.pc;
    g.push(g.c.locals[i]);
    return true;
  }
};
template <> inline constexpr auto lower<"local.get"> = read_local{};

// local.set, and the part of local.tee that stores.
struct write_local {
  bool tee;

  void operator()(auto& g, std::uint32_t i) const {
    using Policy = policy_of<decltype(g)>;
    if (i >= g.c.local_count) [[unlikely]] return g.reject();
    const value record = g.c.locals[i];
    if (g.sp[-1].type() != record.type()) [[unlikely]] return g.reject();
    const value v = g.pop();
    g.settle_readers(i, record.base());
    if (record.base() == reg::none) return g.template cold<&write_local::to_slot<Policy>>(i, v, tee);
    g.into(record.base(), v);
    g.written(i);
    if (tee) g.push(g.c.locals[i]);
  }
  // A register or a number, into a home that nobody on the stack reads.
  bool quick(auto& g, const row_data&) const {
    const std::uint32_t i = *g.pc;
    if (i >= 0x80 || i >= g.c.local_count) return false;
    const value record = g.c.locals[i], v = g.sp[-1];
    if (v.type() != record.type() || record.base() == reg::none || !g.sp[-2].is_floor()) return false;
    if (v.is(where::constant) && !is_float(v.type())) g.constant_into(record.base(), v, flags_are::free);
    else if (g.in_register(v)) g.move(v.type(), record.base(), v.base());
    else return false;
    ++g.pc;
    --g.sp;
    g.release(v);
    g.written(i);
    if (tee) g.push(g.c.locals[i]);
    return true;
  }

 private:
  template <class Policy>
  static void to_slot(generator<Policy>& g, std::uint32_t i, value v, bool tee) {
    const val t = v.type();
    g.c.locals[i] = value::local(t, i, reg::none);
    if (!tee || v.is(where::constant)) {
      slow<Policy>::to_frame(g, generator<Policy>::local_slot(i), v);
      if (tee) g.push(v);
      return;
    }
    const reg r = g.writable(v);
    g.store_typed(t, generator<Policy>::local_slot(i), r);
    g.push_in(t, r);
  }
};
template <> inline constexpr auto lower<"local.set"> = write_local{false};
template <> inline constexpr auto lower<"local.tee"> = write_local{true};

// Own globals lie inside the instance, imported ones behind a pointer in it.
template <class Policy>
struct globals {
  using G = generator<Policy>;

  static address place(G& g, std::uint32_t i, reg& pointer) {
    const address own{convention::instance, reg::none, 0, g.c.layout->globals[i]};
    pointer = reg::none;
    if (i >= g.c.info->imported_globals) return own;
    pointer = g.temporary();
    g.a.load(load_op::mov64, pointer, own);
    return {pointer, reg::none, 0, 0};
  }
  static void set(G& g, std::uint32_t i) {
    const auto& type = g.c.info->globals[i];
    if (!type.is_mutable || g.sp[-1].type() != type.type) return g.reject();
    const value v = g.pop();
    g.settle_loads();
    reg pointer;
    const address to = place(g, i, pointer);
    slow<Policy>::to_frame(g, to, v);
    g.release(pointer);
  }
};
template <> inline constexpr auto lower<"global.get"> = [](auto& g, std::uint32_t i) {
  using Policy = policy_of<decltype(g)>;
  if (i >= g.c.info->globals.size()) return g.reject();
  const val t = g.c.info->globals[i].type;
  const destination d = g.target(t);
  reg pointer;
  g.load_typed(t, d.in, globals<Policy>::place(g, i, pointer));
  g.release(pointer);
  g.finish(d, t);
};
template <> inline constexpr auto lower<"global.set"> = [](auto& g, std::uint32_t i) {
  using Policy = policy_of<decltype(g)>;
  if (i >= g.c.info->globals.size()) return g.reject();
  g.template cold<&globals<Policy>::set>(i);
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
