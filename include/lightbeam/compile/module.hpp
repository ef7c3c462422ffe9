#pragma once

#include "function.hpp"
#include "thunks.hpp"
#include "../runtime/module.hpp"
#include "../wasm/module_reader.hpp"
#include "../x64/code_memory.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {
LIGHTBEAM_SMALL

// A module that owns its machine code and knows how it was made, so that it can find the operator behind a machine address.
template <class Policy>
class compiled_image final : public module_image {
 public:
  explicit compiled_image(cpu_features cpu) : cpu_(cpu) { memory = Policy::memory::kind; }

  code_site locate(const void* address) const override {
    const auto at = std::uint32_t(static_cast<const std::uint8_t*>(address) - code);
    const auto next = std::upper_bound(function_offsets.begin(), function_offsets.end(), at);
    if (next == function_offsets.begin()) return {};
    const auto defined = std::uint32_t(next - function_offsets.begin() - 1);
    code_site site{info.imported_functions + defined, no_index};
    const std::uint32_t end = next == function_offsets.end() ? bodies_end : *next;
    compile_again(defined, at, end, site);
    return site;
  }

  void fill(compile_context& c) const {
    c.info = &info, c.layout = &layout, c.cpu = cpu_, c.thunks = thunks;
    c.signatures.resize(info.types.size());
    c.call_places.resize(info.functions.size());
    c.placed.resize(info.functions.size());
  }

  thunk_places thunks;
  code_memory memory_of_code;
  std::uint32_t bodies_end = 0;  // thunks follow

 private:
  // The same bytes, policy and CPU give the same code, so the site lies where it lay.
  void compile_again(std::uint32_t defined, std::uint32_t at, std::uint32_t end, code_site& site) const {
    const auto body = info.bodies[defined];
    const std::uint32_t begin = function_offsets[defined];
    compile_context c;
    fill(c);
    locator where_is;
    const std::size_t room = std::size_t(end - begin) + 256 * std::size_t(body.size) + 65536;
    auto scratch = code_memory::reserve(room);  // most of it is never touched
    if (!scratch || !scratch->commit(room)) return;
    c.code = scratch->data() - begin;
    c.proportion = c.limit = scratch->data() + room - 4096;
    where_is.site = c.code + at;
    c.locating = &where_is;
    c.values.lift();
    c.out = c.code + begin;
    for (std::uint32_t i = info.imported_functions; i < info.functions.size(); ++i) c.call_places[i] = function_offsets[i - info.imported_functions], c.placed[i] = true;
    padded_body padded;
    c.table = dispatch<Policy>::observed.data();
    const auto compiled = function_body<Policy>::compile(c, site.function, padded.fill({info.bytes.data() + body.begin, body.size}), body.size);
    if (compiled) site.offset = body.begin + where_is.found;
  }

  cpu_features cpu_;
};

// The sink of the module reader: compiles each body as it comes.
template <class Policy>
class module_compiler {
  using G = generator<Policy>;
  static_assert(memory_strategy<typename Policy::memory, G>,
                "Policy::memory needs: kind, static address operand(reg, uint32_t offset), static effective_address checked(generator&, effective_address, uint32_t bytes)");
  static_assert(register_set<typename Policy::regs>, "Policy::regs needs: static constexpr uint32_t homes, temporaries");

 public:
  explicit module_compiler(cpu_features cpu) : image_(new compiled_image<Policy>(cpu)), reader_(image_->info, Policy::features, *this) { image_->retain(); }
  module_compiler(const module_compiler&) = delete;
  ~module_compiler() { image_->release(); }

  result<void> feed(std::span<const std::uint8_t> bytes) { return named(reader_.feed(bytes)); }
  result<void> adopt(std::vector<std::uint8_t>&& bytes) { return named(reader_.adopt(std::move(bytes))); }
  result<module> finish() {
    if (auto read = named(reader_.finish()); !read) return read.error();
    if (auto done = type_thunks(); !done) return done.error();
    image_->code_size = std::size_t(c_.out - c_.code);
    if (auto sealed = image_->memory_of_code.seal(image_->code_size); !sealed) return sealed.error();
    return module(image_);
  }

  // Called by the reader. Everything that code may refer to is known now.
  result<void> begin_code(const module_info& info, std::uint32_t bytes, std::uint32_t functions) {
    image_->layout = lay_out(info);
    const std::size_t first = thunk_bytes(info), thunks = first + type_thunk_bytes(info, plain_vector<bool>(info.types.size(), true));
    auto memory = code_memory::reserve(thunks + expansion * std::size_t(bytes) + function_reserve * (std::size_t{functions} + 1), 2 * std::size_t(bytes));
    if (!memory) return memory.error();
    image_->memory_of_code = std::move(*memory);
    auto& code = image_->memory_of_code;
    if (auto ready = code.commit(first + 4096); !ready) return ready.error();
    image_->code = c_.code = code.data();
    c_.out = write_thunks<typename Policy::assembler>(c_.code, c_.code, *image_, image_->thunks);
    image_->fill(c_);
    if constexpr (Policy::verifies) c_.table = dispatch<Policy>::verified.data();
    else c_.table = dispatch<Policy>::table.data();
    image_->function_offsets.reserve(functions);
    return {};
  }
  result<void> body(std::uint32_t defined, std::span<const std::uint8_t> bytes, std::uint32_t offset) {
    const std::uint32_t function = image_->info.imported_functions + defined;
    const std::size_t need = std::size_t(c_.out - c_.code) + expansion * bytes.size() + function_reserve;
    // Calls and positions have 32 bits.
    if (need > most_code) return failure(failure_kind::limit, "machine code of more than 2 GiB").in_function(function).at(offset);
    if (auto ready = image_->memory_of_code.commit(need); !ready) return ready.error();
    c_.limit = c_.code + need - 4096;
    c_.proportion = c_.code + 8 * (std::size_t{offset} + bytes.size()) + (2 << 20);
    image_->function_offsets.push_back((c_.position(c_.out) + 15) & ~15u);
    auto compiled = function_body<Policy>::compile(c_, function, padded_.fill(bytes), bytes.size());
    if (!compiled) return failure(compiled.error()).at(compiled.error().offset() + offset);
    return {};
  }

 private:
  // Now it is known which types are used.
  result<void> type_thunks() {
    const auto& info = image_->info;
    plain_vector<bool> used(info.types.size());
    for (const std::uint32_t type : info.functions) used[type] = true;
    for (std::size_t i = 0; i < used.size(); ++i) used[i] = used[i] || c_.signatures[i];
    image_->bodies_end = c_.position(c_.out);
    const std::size_t need = image_->bodies_end + type_thunk_bytes(info, used);
    if (need > most_code) return failure(failure_kind::limit, "machine code of more than 2 GiB");
    if (auto ready = image_->memory_of_code.commit(need + 4096); !ready) return ready.error();
    c_.out = write_type_thunks<typename Policy::assembler>(c_.out, c_.code, *image_, image_->thunks, used);
    return {};
  }

  // An operator is at least a byte and makes at most this many; what may make more (branches with many results) asks c.limit.
  static constexpr std::size_t expansion = 256, function_reserve = 16384, most_code = 0x7fff0000;

  result<void> named(result<void> r) const {
    if (r) return r;
    return failure(r.error()).from(image_);
  }

  compiled_image<Policy>* image_;
  compile_context c_;
  padded_body padded_;
  module_reader<module_compiler> reader_;
};

LIGHTBEAM_SMALL_END
}  // namespace lightbeam::inline LIGHTBEAM_ABI
