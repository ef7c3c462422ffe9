#pragma once

#include "immediates.hpp"
#include "module.hpp"
#include "../core/reader.hpp"
#include "../core/utf8.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// Limits of the WebAssembly JavaScript interface ("Implementation-defined Limits"), so that a module that runs elsewhere runs here.
namespace module_limits {
inline constexpr std::uint32_t bytes = 1 << 30;
inline constexpr std::uint32_t types = 1'000'000, functions = 1'000'000, imports = 1'000'000, exports = 1'000'000;
inline constexpr std::uint32_t globals = 1'000'000, tables = 100'000, memories = 100, data_segments = 100'000, element_segments = 10'000'000;
inline constexpr std::uint32_t items = 10'000'000, params = 1'000, results = 1'000, body_bytes = 7'654'321, locals = 50'000;
}  // namespace module_limits

// Few bytes can stand for many values: a group of locals for fifty thousand, a type's index for a thousand operands. Each of them
// costs time, so a module may have so many, and one for each byte of its bodies; real ones have far fewer. Counted are the locals of a
// function where they are more than sixteen, and the operands that an operator takes or leaves at once where they are more than three.
class expansion {
 public:
  static constexpr const char* text = "too many locals, or operands of long types, for the size of the function bodies";

  void body(std::size_t bytes) { bytes_ += bytes; }
  void lift() { bytes_ = std::uint64_t{1} << 62; }  // for one that has passed already
  void restart() { values_ = 0; }
  bool locals(std::uint64_t count) { return count <= 16 || more(count); }
  bool operands(std::uint64_t count) { return count <= 3 || more(count); }

 private:
  static constexpr std::uint64_t always = 100'000, per_byte = 1;
  bool more(std::uint64_t count) { return (values_ += count) <= always + per_byte * bytes_; }

  std::uint64_t values_ = 0, bytes_ = 0;
};

// The specification's own limits, section 3.2.
inline constexpr std::uint32_t most_pages = 65536;

// Reads what section 5.3 and the index spaces of section 5.5 are made of. Whatever lies outside of `features` fails as unsupported.
class type_reader {
 public:
  type_reader(reader& in, feature features) : in_(in), features_(features) {}

  // False, after a failure, where the feature is not enabled.
  bool need(feature f, const char* what, std::uint32_t at) {
    if (contains(features_, f)) return true;
    in_.fail(failure_kind::unsupported, what, at);
    return false;
  }
  void unsupported(const char* what, std::uint32_t at) { in_.fail(failure_kind::unsupported, what, at); }

  // The length of a vector: each of its elements takes at least `element_bytes`, so a length beyond the input fails right here.
  std::uint32_t length(std::uint32_t most, std::uint32_t element_bytes = 1) {
    const std::uint32_t at = in_.offset(), n = in_.u32();
    if (n > in_.left() / element_bytes) return in_.malformed("length out of bounds", at), 0;
    if (n > most) return in_.fail(failure_kind::limit, "too many elements in a vector of the module", at), 0;
    return n;
  }

  LIGHTBEAM_SMALL
  std::string name() {
    const std::uint32_t at = in_.offset(), n = in_.u32();
    if (n > in_.left()) return in_.malformed("length out of bounds", at), std::string();
    const auto bytes = in_.bytes(n);
    if (!is_utf8(bytes)) return in_.malformed("malformed UTF-8 encoding", at), std::string();
    return std::string(bytes.begin(), bytes.end());
  }

  val value() {
    const std::uint32_t at = in_.offset();
    const std::uint8_t code = in_.byte();
    const val t = value_type(code);
    if (t == val::none || !contains(features_, feature_of(t))) refuse(refused_type(code, "malformed value type"), at);
    return t;
  }

  // Of a table or an element segment: funcref alone is part of the MVP.
  val reference() {
    const std::uint32_t at = in_.offset();
    const std::uint8_t code = in_.byte();
    const val t = value_type(code);
    const bool enabled = t == val::funcref || (t == val::externref && contains(features_, feature::reference_types));
    if (!enabled) refuse(refused_reference(code), at);
    return t;
  }

  function_type function() {
    const std::uint32_t at = in_.offset();
    const std::uint8_t form = in_.byte();
    if (form >= 0x4e && form <= 0x50) unsupported("recursive types and subtypes (feature gc) are not supported", at);
    else if (form == 0x5e || form == 0x5f) unsupported("array and struct types (feature gc) are not supported", at);
    else if (form != 0x60) in_.malformed("malformed type form", at);
    function_type t;
    values(t.params, length(module_limits::params));
    const std::uint32_t results_at = in_.offset(), results = length(module_limits::results);
    if (results > 1) need(feature::multi_value, "several results need the feature multi-value, which is disabled", results_at);
    values(t.results, results);
    return t;
  }

  table_type table() {
    const std::uint32_t at = in_.offset();
    if (in_.peek() == 0x40) unsupported("tables with an initial value (feature function-references) are not supported", at);
    table_type t;
    t.element = reference();
    const std::uint32_t flags_at = in_.offset();
    const std::uint8_t flags = in_.byte();
    if (flags == 4 || flags == 5) unsupported("64-bit tables (feature memory64) are not supported", flags_at);
    else if (flags > 1) in_.malformed("malformed table limits flags", flags_at);
    t.size = bounds(flags & 1);
    return t;
  }

  memory_type memory() {
    const std::uint32_t at = in_.offset();
    const std::uint8_t flags = in_.byte();
    if (flags > 0x0f) in_.malformed("malformed memory limits flags", at);
    else if (flags & 8) unsupported("custom page sizes (feature custom-page-sizes) are not supported", at);
    else if (flags & 4) unsupported("64-bit memories (feature memory64) are not supported", at);
    memory_type t;
    t.shared = flags & 2;
    if (t.shared && need(feature::threads, "shared memories need the feature threads, which is disabled", at) && !(flags & 1))
      in_.invalid("shared memory must have maximum", at);
    t.size = bounds(flags & 1);
    if (t.size.minimum > most_pages || t.size.maximum.value_or(0) > most_pages)
      in_.invalid("memory size must be at most 65536 pages (4GiB)", at);
    return t;
  }

  global_type global() {
    global_type t;
    t.type = value();
    const std::uint32_t at = in_.offset();
    const std::uint8_t mutability = in_.byte();
    if (mutability > 1) in_.malformed("malformed mutability", at);
    t.is_mutable = mutability;
    return t;
  }

 private:
  limits bounds(bool has_maximum) {
    const std::uint32_t at = in_.offset();
    limits l;
    l.minimum = in_.u32();
    if (has_maximum) l.maximum = in_.u32();
    if (has_maximum && l.minimum > *l.maximum) in_.invalid("size minimum must not be greater than maximum", at);
    return l;
  }

  void values(std::vector<val>& v, std::uint32_t count) {
    v.resize(count);
    for (std::uint32_t i = 0; i < count && in_; ++i) v[i] = value();
  }

  void refuse(type_refusal r, std::uint32_t at) { in_.fail(r.kind, r.what, at); }

  reader& in_;
  feature features_;
  LIGHTBEAM_SMALL_END
};

// The locals at the beginning of a body, section 5.4.9: calls add(count, type) for each group.
void read_local_groups(reader& in, feature features, auto add) {
  type_reader types(in, features);
  const std::uint32_t at = in.offset();
  std::uint64_t total = 0;
  for (std::uint32_t n = types.length(no_index, 2); n-- && in;) {
    const std::uint32_t count = in.u32();
    const val type = types.value();
    total += count;
    if (total > no_index) return in.malformed("too many locals", at);
    if (in && total <= module_limits::locals) add(count, type);
  }
  if (in && total > module_limits::locals) in.fail(failure_kind::limit, "too many locals", at);
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
