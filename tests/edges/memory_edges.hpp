#pragma once

// Bulk operators of a memory with ranges at the edges, against a model in plain C++, and memory.grow.

#include "operands.hpp"
#include <algorithm>
#include <cstring>

namespace edges {

// What a memory must hold: all of a small one; of a large one its ends and its middle.
class mirror {
 public:
  explicit mirror(std::uint64_t size) {
    windows_.push_back({0, std::vector<std::uint8_t>(std::size_t(std::min(size, width)))});
    if (size <= 2 * width) windows_[0].bytes.resize(std::size_t(size));
    else
      for (const std::uint64_t begin : {(std::uint64_t{1} << 31) - width / 2, size - width}) windows_.push_back({begin, std::vector<std::uint8_t>(std::size_t(width))});
    for (auto& w : windows_)
      for (std::size_t i = 0; i < w.bytes.size(); ++i) w.bytes[i] = std::uint8_t((w.begin + i) * 31 + ((w.begin + i) >> 8));
  }
  std::uint8_t& operator[](std::uint64_t at) {
    for (auto& w : windows_)
      if (at >= w.begin && at - w.begin < w.bytes.size()) return w.bytes[std::size_t(at - w.begin)];
    throw std::logic_error("no window holds " + std::to_string(at));
  }
  void put(const lightbeam::memory& m) const {
    for (const auto& w : windows_) std::copy_n(reinterpret_cast<const std::byte*>(w.bytes.data()), w.bytes.size(), m.bytes().begin() + std::ptrdiff_t(w.begin));
  }
  bool equals(const lightbeam::memory& m) const {
    return std::all_of(windows_.begin(), windows_.end(), [&](const window& w) { return w.bytes.empty() || std::memcmp(m.bytes().data() + w.begin, w.bytes.data(), w.bytes.size()) == 0; });
  }

 private:
  static constexpr std::uint64_t width = 65536;
  struct window {
    std::uint64_t begin;
    std::vector<std::uint8_t> bytes;
  };
  std::vector<window> windows_;
};

// The three bulk operators on a memory of this many pages that cannot grow.
class bulk_edges {
 public:
  bulk_edges(const policies::any_engine& engine, checks& result, std::uint32_t pages, const shapes& s) : checks_(result), size_(std::uint64_t{pages} * 65536), before_(size_), functions_(module_, s) {
    for (std::uint32_t i = 0; i < data_size; ++i) data_.push_back(std::uint8_t(200 + i));
    module_.memory(pages, pages);
    module_.export_as("memory", lightbeam::external::memory, 0);
    module_.passive_data(data_);
    for_all_ranges({size_, data_size}, [&](range r) {
      functions_.add("memory.fill", r, functions_.operands(r).op("memory.fill", 0));
      functions_.add("memory.copy", r, functions_.operands(r).op("memory.copy", 0, 0));
      functions_.add("memory.init", r, functions_.operands(r).op("memory.init", 0, 0));
    });
    module_.export_as("data.drop", lightbeam::external::function, module_.function({}, {}, code_writer().op("data.drop", 0)));
    world_.emplace(engine, module_);
    before_.put(world_->memory());
  }

  void run() {
    for_all_ranges({size_, data_size}, [&](range r) {
      const bool fits = inside(r.to, r.count, size_);
      check("memory.fill", r, fits, [&](mirror& m) {
        for (std::uint32_t i = 0; i < r.count; ++i) m[r.to + i] = std::uint8_t(r.from);
      });
      check("memory.copy", r, fits && inside(r.from, r.count, size_), [&](mirror& m) {
        for (std::uint32_t i = 0; i < r.count; ++i) m[r.to + i] = before_[r.from + i];
      });
      check_init(r, data_size);
    });
    world_->call("data.drop", {});
    for_all_ranges({size_, data_size}, [&](range r) { check_init(r, 0); });
  }

 private:
  static constexpr std::uint32_t data_size = 100;

  void check_init(range r, std::uint32_t segment) {
    check("memory.init", r, inside(r.to, r.count, size_) && inside(r.from, r.count, segment), [&](mirror& m) {
      for (std::uint32_t i = 0; i < r.count; ++i) m[r.to + i] = data_[r.from + i];
    });
  }
  void check(const char* op, range r, bool good, const std::function<void(mirror&)>& effect) {
    if (good && r.count > 1 << 17) return;  // gigabytes, which are the system's to give
    const std::string what = functions_.text(op, r) + ", memory of " + std::to_string(size_);
    checks_.expect(good ? outcome{} : outcome{trap_code::memory_out_of_bounds}, functions_.call(*world_, op, r), what);
    const bool changes = good && r.count;
    mirror after = changes ? before_ : mirror(0);
    if (changes) effect(after);
    checks_.expect((changes ? after : before_).equals(world_->memory()) && world_->canaries_live(), what + ": the memory differs from what it must be");
    if (changes) before_.put(world_->memory());
  }

  checks& checks_;
  std::uint64_t size_;
  mirror before_;
  std::vector<std::uint8_t> data_;
  module_builder module_;
  ranged_functions functions_;
  std::optional<world> world_;
};

class memory_edges {
 public:
  memory_edges(const policies::any_engine& engine, checks& result) : engine_(engine), checks_(result) {}

  void run() {
    for (const auto& s : all_shapes)
      for (const std::uint32_t pages : {0u, 1u}) bulk_edges(engine_, checks_, pages, s).run();
    for (const auto& s : {all_shapes[0], all_shapes[3]}) bulk_edges(engine_, checks_, 65535, s).run();
    growth();
  }

 private:
  // ---- memory.grow: what lies beyond the old end can be reached afterwards, and nothing beyond the new one

  void growth() {
    for (const std::uint32_t maximum : {0u, 1u, 3u, 65535u, 65536u})
      for (const std::uint32_t delta : {0u, 1u, 2u, 3u, 65534u, 65535u, 65536u, 0x7fffffffu, 0x80000000u, 0xffffffffu})
        for (const std::uint32_t minimum : {0u, 1u})
          if (minimum <= maximum) grow(minimum, maximum, delta);
  }
  void grow(std::uint32_t minimum, std::uint32_t maximum, std::uint32_t delta) {
    module_builder b;
    b.memory(minimum, maximum);
    b.export_as("memory", lightbeam::external::memory, 0);
    add_unary(b, "grow", code_writer().op("local.get", 0).op("memory.grow", 0));
    add_unary(b, "size", code_writer().op("memory.size", 0));
    add_unary(b, "load", code_writer().op("local.get", 0).memory("i32.load", 0));
    const world w(engine_, b);
    const std::string what = "memory.grow " + std::to_string(delta) + " of " + std::to_string(minimum) + " to " + std::to_string(maximum);
    const std::uint32_t pages = grown_twice(w, checks_, what, minimum, std::min(maximum, 65535u), delta);
    const std::uint64_t size = std::uint64_t{pages} * 65536;
    for (const std::uint32_t back : {0u, 1u, 3u, 4u, 5u}) {
      const auto at = std::uint32_t(size - back);
      const bool good = std::uint64_t{at} + 4 <= size;
      checks_.expect(good ? outcome{} : outcome{trap_code::memory_out_of_bounds}, w.call("load", {std::int32_t(at)}), what + ": i32.load " + std::to_string(at));
    }
  }

  const policies::any_engine& engine_;
  checks& checks_;
};

}  // namespace edges
