#pragma once

// Values in the JSON of the test suite: reading arguments, comparing results.

#include "backend.hpp"
#include <charconv>
#include <nlohmann/json.hpp>

namespace suite {

using json = nlohmann::json;
using lightbeam::val;

inline std::uint64_t number(const std::string& text) {
  const char *begin = text.data(), *end = begin + text.size();
  if (*begin == '-') {
    std::int64_t v = 0;
    std::from_chars(begin, end, v);
    return std::uint64_t(v);
  }
  std::uint64_t v = 0;
  std::from_chars(begin, end, v);
  return v;
}

// Nothing where the type is not one of Wasm 2.0's scalars.
inline std::optional<val> type_named(const std::string& name) {
  for (const val t : {val::i32, val::i64, val::f32, val::f64, val::funcref, val::externref})
    if (text(t) == name) return t;
  return {};
}

inline std::optional<value> read_value(const json& j) {
  const auto type = type_named(j["type"]);
  if (!type || !j.contains("value")) return {};
  const std::string text = j["value"];
  if (text == "null") return value{*type, true, 0};
  const auto bits = number(text);
  return value{*type, false, lightbeam::is_wide(*type) ? bits : std::uint32_t(bits)};
}

// The two sets of NaNs of the specification's section 4.3.3: all but the sign is fixed, or only the quiet bit.
inline bool is_canonical_nan(val type, std::uint64_t bits) {
  return type == val::f32 ? (bits & 0x7fffffff) == 0x7fc00000 : (bits & 0x7fff'ffff'ffff'ffff) == 0x7ff8'0000'0000'0000;
}
inline bool is_arithmetic_nan(val type, std::uint64_t bits) {
  const std::uint64_t quiet = type == val::f32 ? 0x7fc00000 : 0x7ff8'0000'0000'0000;
  return (bits & quiet) == quiet;
}

// `quietened`: the expected NaN may be the quiet one of the same payload, see the fuzz suite.
inline bool agrees(const json& expected, const value& got, bool quietened = false) {
  const std::string type = expected["type"];
  if (type == "either") {
    for (const auto& one : expected["values"])
      if (agrees(one, got)) return true;
    return false;
  }
  if (type == "refnull") return is_reference(got.type) && got.null;
  if (type != text(got.type)) return false;
  if (!expected.contains("value")) return !is_reference(got.type) || !got.null;
  const std::string wanted = expected["value"];
  if (wanted == "nan:canonical") return is_canonical_nan(got.type, got.bits);
  if (wanted == "nan:arithmetic") return is_arithmetic_nan(got.type, got.bits);
  const auto read = read_value(expected);
  if (!read || read->null != got.null) return false;
  if (quietened && got.type == val::f32 && is_arithmetic_nan(val::f32, read->bits) && (got.bits | 0x400000) == read->bits)
    return (got.bits & 0x7fffff) != 0;  // not infinity
  return got.null || got.type == val::funcref || read->bits == got.bits;
}
inline bool agree(const json& expected, const std::vector<value>& got, bool quietened = false) {
  if (expected.size() != got.size()) return false;
  for (std::size_t i = 0; i < got.size(); ++i)
    if (!agrees(expected[i], got[i], quietened)) return false;
  return true;
}

inline std::string text(const std::vector<value>& values) {
  std::string s;
  for (const auto& v : values) {
    s += s.empty() ? "" : ", ";
    s += std::string(text(v.type)) + ":" + (v.null ? "null" : std::to_string(v.bits));
  }
  return "(" + s + ")";
}

}  // namespace suite
