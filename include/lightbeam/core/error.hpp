#pragma once

#include "ownership.hpp"
#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

namespace lightbeam::inline LIGHTBEAM_ABI {

// What kind of thing went wrong. `malformed`, `invalid` and `unsupported` are about a module's bytes, `link` about
// imports, `limit` about a documented limit or a refusal of the system, `trap` and `exit` about running code.
enum class failure_kind : std::uint8_t { malformed, invalid, unsupported, link, limit, trap, exit, io };

// Traps of the specification, section 4; the last ones are ours. Their text is that of the test suite.
enum class trap_code : std::uint8_t {
  unreachable,
  memory_out_of_bounds,
  table_out_of_bounds,
  undefined_element,
  uninitialized_element,
  indirect_call_type_mismatch,
  integer_divide_by_zero,
  integer_overflow,
  invalid_conversion_to_integer,
  call_stack_exhausted,
  host,  // a host function ended the call with a failure or trap of its own
};
constexpr std::string_view text(trap_code code) {
  constexpr std::string_view texts[] = {"unreachable",
                                        "out of bounds memory access",
                                        "out of bounds table access",
                                        "undefined element",
                                        "uninitialized element",
                                        "indirect call type mismatch",
                                        "integer divide by zero",
                                        "integer overflow",
                                        "invalid conversion to integer",
                                        "call stack exhausted",
                                        "host function failed"};
  return code <= trap_code::host ? texts[std::uint8_t(code)] : "not a trap";
}

// Where a failure finds words for its numbers: a module (names of functions), or the text of a link failure.
class failure_source : public counted {
 public:
  virtual std::string function_name(std::uint32_t) const { return {}; }  // of traps: the name section's; else the export's
  virtual std::string message() const { return {}; }                     // replaces the text of the failure where not empty
};

inline constexpr std::uint32_t no_index = 0xffffffff;

// A failure as a value: 32 bytes, and making one allocates nothing (a link failure allocates its text).
// `what` points to a string literal. Whatever is not known is no_index, section 0xff or empty.
class failure {
 public:
  // A trap of a text of its own has the code `host`.
  failure(failure_kind kind, const char* what, std::uint32_t offset = no_index) noexcept
      : what_(what), offset_(offset), kind_(kind), section_(kind == failure_kind::trap ? std::uint8_t(trap_code::host) : no_section) {}
  // A trap: `what` is its text.
  explicit failure(trap_code code) noexcept : failure(failure_kind::trap, lightbeam::text(code).data()) { section_ = std::uint8_t(code); }
  // proc_exit of WASI and its like: the guest ended with a code.
  static failure exit(int code) noexcept {
    failure f(failure_kind::exit, "the program ended by itself");
    f.function_ = std::uint32_t(code);
    return f;
  }

  failure_kind kind() const { return kind_; }
  trap_code code() const { return trap_code(section_); }  // of traps only
  int exit_code() const { return int(function_); }     // of exits
  const char* what() const { return what_; }
  std::uint32_t offset() const { return offset_; }      // in bytes from the start of the module
  std::uint32_t function() const { return kind_ == failure_kind::exit ? no_index : function_; }
  std::uint8_t section() const { return kind_ == failure_kind::trap ? no_section : section_; }
  std::uint32_t number() const { return number_; }  // the index, code or count that `what` complains of; of traps, the segment
  std::uint8_t expected() const { return expected_; }  // a value type (wasm/types.hpp), 0 where it does not apply
  std::uint8_t found() const { return found_; }
  const failure_source* source() const { return source_.get(); }

  failure&& at(std::uint32_t offset) && { return offset_ = offset, std::move(*this); }
  failure&& in_section(std::uint8_t id) && { return section_ = id, std::move(*this); }  // not of traps
  failure&& in_function(std::uint32_t index) && { return function_ = index, std::move(*this); }
  failure&& of(std::uint32_t number) && { return number_ = number, std::move(*this); }
  failure&& types(std::uint8_t expected, std::uint8_t found) && { return expected_ = expected, found_ = found, std::move(*this); }
  failure&& from(const failure_source* source) && { return source_ = ref(source), std::move(*this); }

  // One sentence with all that is known: "invalid: type mismatch: expected i32, found f64, in function 3 (\"run\"), byte 0x1f2".
  inline std::string text() const;

 private:
  static constexpr std::uint8_t no_section = 0xff;
  const char* what_ = nullptr;
  ref<const failure_source> source_;
  std::uint32_t offset_ = no_index, function_ = no_index, number_ = no_index;
  failure_kind kind_ = failure_kind::malformed;
  std::uint8_t section_ = no_section;  // of traps, which lie in none, the code
  std::uint8_t expected_ = 0, found_ = 0;
};
static_assert(sizeof(failure) <= 32);

constexpr std::string_view text(failure_kind kind) {
  constexpr std::string_view names[] = {"malformed", "invalid", "unsupported", "link", "limit", "trap", "exit", "io"};
  return names[std::uint8_t(kind)];
}

// A name that a module gave, whose author may be an enemy of the terminal: control characters become \x1b and the like, those of
// U+0080 to U+009F, in UTF-8, \xc2 and a byte.
inline std::string printable(std::string_view name) {
  std::string s;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto c = std::uint8_t(name[i]);
    const auto is_second = [&](std::size_t k) { return k < name.size() && std::uint8_t(name[k]) >= 0x80 && std::uint8_t(name[k]) < 0xa0; };
    const bool high = (c == 0xc2 && is_second(i + 1)) || (i > 0 && std::uint8_t(name[i - 1]) == 0xc2 && is_second(i));
    char text[] = {name[i], 0, 0, 0, 0};
    if (c < 0x20 || c == 0x7f || high) std::snprintf(text, sizeof text, "\\x%02x", unsigned(c));
    s.append(text, text[1] ? 4 : 1);
  }
  return s;
}

// The names of value types and sections are repeated here, because failures must find words for them without the headers of wasm.
inline std::string failure::text() const {
  constexpr std::string_view type_names[] = {"nothing", "i32", "i64", "f32", "f64", "v128", "funcref", "externref"};
  constexpr std::string_view section_names[] = {"custom", "type", "import", "function", "table", "memory", "global",
                                                "export", "start", "element", "code", "data", "data count", "tag"};
  if (source_)
    if (std::string whole = source_->message(); !whole.empty()) return whole;
  std::string s(lightbeam::text(kind_));
  s.append(": ").append(what_);
  if (kind_ == failure_kind::exit) return s.append(" with code ").append(std::to_string(exit_code()));
  const auto hexadecimal = [](std::uint32_t n) {
    char text[2 + 8 + 1];
    std::snprintf(text, sizeof text, "0x%x", n);
    return std::string(text);
  };
  // An index in decimal; what is malformed is a code.
  if (number_ != no_index) s.append(kind_ == failure_kind::trap ? ", by active segment " : " ").append(kind_ == failure_kind::malformed ? hexadecimal(number_) : std::to_string(number_));
  if (expected_ < std::size(type_names) && found_ < std::size(type_names) && (expected_ | found_) != 0)
    s.append(": expected ").append(type_names[expected_]).append(", found ").append(type_names[found_]);
  if (section() < std::size(section_names)) s.append(", in the ").append(section_names[section_]).append(" section");
  if (function_ != no_index) {
    s.append(", in function ").append(std::to_string(function_));
    if (const std::string name = source_ ? source_->function_name(function_) : std::string(); !name.empty())
      s.append(" (\"").append(printable(name)).append("\")");
  }
  if (offset_ != no_index) s.append(", byte ").append(hexadecimal(offset_));
  return s;
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
