#pragma once

#include "op_table.hpp"
#include "type_reader.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// Constant expressions of Wasm 2.0, section 3.3.10: anything but exactly one constant of the type wanted is invalid.
class const_expression_reader {
 public:
  const_expression_reader(reader& in, module_info& info, feature features) : in_(in), types_(in, features), info_(info) {}

  const_expression read(val wanted) {
    const std::uint32_t at = in_.offset();
    const_expression first;
    for (std::uint32_t count = 0; in_; ++count) {
      const std::uint32_t op_at = in_.offset();
      const std::uint8_t code = in_.byte();
      if (code == 0x0b && in_) {
        const val found = count == 0 ? val::none : first.type;
        if (count != 1 || found != wanted)
          in_.fail(failure(failure_kind::invalid, "type mismatch", at).types(std::uint8_t(wanted), std::uint8_t(found)));
        return first;
      }
      const const_expression e = operator_of(code, op_at);
      if (count == 0) first = e;
    }
    return first;
  }

 private:
  using kind = const_expression::kind;

  const_expression operator_of(std::uint8_t code, std::uint32_t at) {
    switch (code) {
      case 0x41: return constant(val::i32, std::uint32_t(in_.s32()));
      case 0x42: return constant(val::i64, std::uint64_t(in_.s64()));
      case 0x43: return constant(val::f32, in_.fixed<std::uint32_t>());
      case 0x44: return constant(val::f64, in_.fixed<std::uint64_t>());
      case 0x23: return global(at);
      case 0xd0: return null(at);
      case 0xd2: return function(at);
      default: return rare(code, at);
    }
  }

  static const_expression constant(val type, std::uint64_t low, std::uint64_t high = 0) {
    return {{kind::constant, type, std::uint32_t(low)}, {low, high}};
  }

  const_expression global(std::uint32_t at) {
    const std::uint32_t index = in_.u32();
    if (!in_) return {};
    if (index >= info_.imported_globals) return in_.unknown("unknown global", index, at), const_expression();
    if (info_.globals[index].is_mutable) return in_.invalid("constant expression required", at), const_expression();
    return {{kind::global_get, info_.globals[index].type, index}, {}};
  }

  const_expression null(std::uint32_t at) {
    types_.need(feature::reference_types, "ref.null needs the feature reference-types, which is disabled", at);
    return {{kind::ref_null, types_.reference(), 0}, {}};
  }

  const_expression function(std::uint32_t at) {
    types_.need(feature::reference_types, "ref.func needs the feature reference-types, which is disabled", at);
    const std::uint32_t index = in_.u32();
    if (!in_) return {};
    if (index >= info_.functions.size()) return in_.unknown("unknown function", index, at), const_expression();
    info_.referenced[index] = true;
    return {{kind::ref_func, val::funcref, index}, {}};
  }

  // v128.const, and everything that is not constant: malformed if it is no operator at all.
  const_expression rare(std::uint8_t code, std::uint32_t at) {
    const bool prefix = code >= 0xfb && code <= 0xfe;
    const std::uint32_t number = prefix ? in_.u32() : 0;
    if (!in_) return {};
    if (code == 0xfd && number == 12) {
      types_.need(feature::simd, "v128.const needs the feature simd, which is disabled", at);
      const auto low = in_.fixed<std::uint64_t>(), high = in_.fixed<std::uint64_t>();
      return constant(val::v128, low, high);
    }
    if ((code >= 0x6a && code <= 0x6c) || (code >= 0x7c && code <= 0x7e))
      return types_.unsupported("arithmetic in constant expressions (feature extended-const) is not supported", at), const_expression();
    const std::uint32_t whole = prefix ? prefixed_code(code, number) : code;
    if (find_row(whole)) in_.invalid("constant expression required", at);
    else in_.illegal_opcode(whole, at);
    return {};
  }

  reader& in_;
  type_reader types_;
  module_info& info_;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
