#pragma once

#include "frequent_operators.hpp"
#include "module_reader.hpp"
#include "operator_validator.hpp"
#include <algorithm>

namespace lightbeam::inline LIGHTBEAM_ABI {

// Parameters and locals in groups of one type, as the body declares them: their number does not count. The first ones are there
// as an array too.
class local_types {
 public:
  void clear() { groups_.clear(), first_.clear(); }
  void add(std::uint32_t count, val type) {
    if (count == 0) return;
    if (groups_.empty() || groups_.back().type != type) groups_.push_back({this->count(), type});
    groups_.back().end += count;
    first_.resize(std::min<std::size_t>(groups_.back().end, most_first), type);
  }
  std::uint32_t count() const { return groups_.empty() ? 0 : groups_.back().end; }
  val type(std::uint32_t index) const {
    return std::upper_bound(groups_.begin(), groups_.end(), index, [](std::uint32_t i, const group& g) { return i < g.end; })->type;
  }
  std::span<const val> first() const { return first_; }

 private:
  static constexpr std::size_t most_first = 256;
  struct group {
    std::uint32_t end;
    val type;
  };
  plain_vector<group> groups_;
  plain_vector<val> first_;
};

// Validates whole function bodies, section 3.4.1.
class body_validator {
 public:
  explicit body_validator(feature features) : features_(features), frequent_(features), stack_(expansion_) {}

  // `function` counts imports. Offsets of failures are those of the module, where `offset` is that of the body.
  result<void> validate(const module_info& info, std::uint32_t function, std::span<const std::uint8_t> body, std::uint32_t offset) {
    bytes_.assign(body.begin(), body.end());
    bytes_.insert(bytes_.end(), padding, 0xff);
    reader in({bytes_.data(), body.size()}, offset, "unexpected end of section or function");
    const function_type& type = info.type_of(function);
    locals_.clear();
    for (const val t : type.params) locals_.add(1, t);
    read_local_groups(in, features_, [this](std::uint32_t count, val t) { locals_.add(count, t); });
    expansion_.body(body.size());
    if (in && !expansion_.locals(locals_.count())) in.fail(failure_kind::limit, expansion::text, in.offset());
    const surroundings outer{*this, type.results, !info.memories.empty()};
    operator_validator<surroundings> operators(info, features_, outer, in, stack_);
    if (in) operators.run(false);
    if (in && in.left() != 0) in.malformed("operators remain after the end of the function");
    if (!in) return failure(in.error()).in_section(std::uint8_t(section::code)).in_function(function);
    return {};
  }

 private:
  // Of 0xff, behind a body: no number goes on there, and no operator begins.
  static constexpr std::size_t padding = 16;

  struct surroundings {
    const body_validator& of;
    std::span<const val> types;
    bool has_memory;

    std::span<const val> label_types(std::uint32_t) const { return types; }
    std::size_t labels() const { return 1; }
    std::span<const val> results() const { return types; }
    val local_type(std::uint32_t i) const { return of.locals_.type(i); }
    std::uint32_t local_count() const { return of.locals_.count(); }
    bool is_if() const { return false; }
    void run_ahead(operator_validator<surroundings>& validator, reader& in, operand_stack& stack) const {
      stack.reserve(in.left() + 1);
      of.frequent_.run({validator, in, stack, of.locals_.first(), has_memory});
    }
  };

  feature features_;
  frequent_operators<operator_validator<surroundings>> frequent_;
  local_types locals_;
  expansion expansion_;
  operand_stack stack_;
  std::vector<std::uint8_t> bytes_;
};

// The sink of a module_reader that only validates.
class validating_sink {
 public:
  explicit validating_sink(feature features) : bodies_(features) {}
  result<void> begin_code(const module_info& info, std::uint32_t, std::uint32_t) { return info_ = &info, result<void>(); }
  result<void> body(std::uint32_t defined, std::span<const std::uint8_t> bytes, std::uint32_t offset) {
    return bodies_.validate(*info_, info_->imported_functions + defined, bytes, offset);
  }

 private:
  const module_info* info_ = nullptr;
  body_validator bodies_;
};

// What is known of a module that is only validated, for failures to name its functions.
struct validated_module final : failure_source {
  module_info info;
  std::string function_name(std::uint32_t function) const override { return info.function_name(function); }
};

// A whole module, without compiling it.
inline result<void> validate(std::span<const std::uint8_t> module, feature features) {
  return unless_out_of_memory([&]() -> result<void> {
    const ref<validated_module> of(new validated_module);
    validating_sink sink(features);
    module_reader reader(of->info, features, sink);
    auto done = reader.feed(module);
    if (done) done = reader.finish();
    if (!done) return failure(done.error()).from(of.get());
    return done;
  });
}

}  // namespace lightbeam::inline LIGHTBEAM_ABI
