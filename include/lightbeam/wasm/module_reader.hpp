#pragma once

#include "sections.hpp"
#include <algorithm>

namespace lightbeam::inline LIGHTBEAM_ABI {
LIGHTBEAM_SMALL

// Reads a module that arrives in pieces, section 5.5. It moves on when a whole part of it is there (the header, the head of a
// section, a section, the head of a body, a body), so results and failures do not depend on where the pieces were cut. Memory is
// taken only for bytes that have arrived. A Sink takes the function bodies:
//   result<void> begin_code(const module_info&, std::uint32_t code_section_bytes, std::uint32_t function_count);
//   result<void> body(std::uint32_t defined_index, std::span<const std::uint8_t> body, std::uint32_t offset);
template <class Sink>
class module_reader {
 public:
  module_reader(module_info& info, feature features, Sink& sink) : info_(info), sink_(sink), features_(features) {}

  result<void> feed(std::span<const std::uint8_t> bytes) {
    if (failure_) return *failure_;
    const auto fed = unless_out_of_memory([&] {
      const std::size_t room = module_limits::bytes - info_.bytes.size();
      const auto taken = bytes.first(std::min(room, bytes.size()));
      info_.bytes.insert(info_.bytes.end(), taken.begin(), taken.end());
      return advance(bytes.size() > room);
    });
    return fed ? fed : stop(fed.error());
  }

  // A whole module, without a copy if nothing was fed before.
  result<void> adopt(std::vector<std::uint8_t>&& bytes) {
    if (failure_ || !info_.bytes.empty()) return feed(bytes);
    const bool more = bytes.size() > module_limits::bytes;
    if (more) bytes.resize(module_limits::bytes);
    info_.bytes = std::move(bytes);
    return advance(more);
  }

  result<void> finish() {
    if (failure_) return *failure_;
    const auto done = unless_out_of_memory([&] { return check_end(); });
    failure_ = done ? failure(failure_kind::limit, "the module has been finished already", std::uint32_t(info_.bytes.size())) : done.error();
    return done;
  }

 private:
  static constexpr auto code_section = std::uint8_t(section::code);
  enum class state : std::uint8_t { header, section_head, content, code_head, body_head, body };

  result<void> check_end() {
    const bool in_code = state_ == state::code_head || state_ == state::body_head || state_ == state::body;
    const auto size = std::uint32_t(info_.bytes.size());
    if (state_ != state::section_head || at_ != size)
      return failure(failure_kind::malformed, "unexpected end", size).in_section(in_code ? code_section : state_ == state::content ? std::uint8_t(section_) : 0xff);
    if (info_.bodies.size() != defined_functions()) return inconsistent(size);
    if (info_.data_count && !data_seen_ && *info_.data_count != 0)
      return failure(failure_kind::malformed, "data count and data section have inconsistent lengths", size);
    return code_begun_ ? result<void>() : begin_code(0);
  }

  // A step returns whether it got on; false: it waits for more bytes, or failed. A module that is too large fails on an error
  // before the limit first, as it does where the bytes come one by one.
  result<void> advance(bool too_large) {
    while (!failure_) {
      bool moved = false;
      switch (state_) {
        case state::header: moved = header(); break;
        case state::section_head: moved = section_head(); break;
        case state::content: moved = content(); break;
        case state::code_head: moved = code_head(); break;
        case state::body_head: moved = body_head(); break;
        case state::body: moved = body(); break;
      }
      if (!moved) break;
    }
    if (too_large && !failure_) failure_ = failure(failure_kind::limit, "the module is too large", module_limits::bytes);
    return failure_ ? result<void>(*failure_) : result<void>();
  }

  bool header() {
    constexpr std::uint8_t expected[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    const auto& bytes = info_.bytes;
    if (bytes.size() >= 4 && !std::equal(expected, expected + 4, bytes.begin())) return fail("magic header not detected", 0);
    if (bytes.size() < 8) return false;
    if (!std::equal(expected + 4, expected + 8, bytes.begin() + 4)) return fail("unknown binary version", 4);
    return at_ = 8, state_ = state::section_head, true;
  }

  bool section_head() {
    if (at_ == info_.bytes.size()) return false;
    const std::uint8_t id = info_.bytes[at_];
    section_ = section(id);
    if (section_ == section::tag) return fail(failure(failure_kind::unsupported, "tags (feature exceptions) are not supported", at_).in_section(id));
    if (id > 13) return fail(failure(failure_kind::malformed, "malformed section id", at_).of(id));
    if (id != 0 && order(section_) <= last_) return fail(failure(failure_kind::malformed, "unexpected content after last section", at_).in_section(id));
    std::uint32_t next = at_ + 1, size = 0;
    if (!number(next, no_index, size)) return false;
    if (size > module_limits::bytes) return fail("length out of bounds", at_ + 1);
    if (id != 0) last_ = order(section_);
    at_ = next;
    section_end_ = at_ + size;
    state_ = section_ == section::code ? state::code_head : state::content;
    return true;
  }

  // The data count stands between elements and code.
  static constexpr unsigned order(section s) { return s == section::data_count ? 19 : 2 * unsigned(s); }

  bool content() {
    if (info_.bytes.size() < section_end_) return false;
    if (section_ == section::data && info_.bodies.size() != defined_functions()) return fail(inconsistent(at_));
    const std::span content(info_.bytes.data() + at_, section_end_ - at_);
    if (auto done = section_reader(info_, features_, content, at_).read(section_); !done) return fail(done.error());
    if (section_ == section::data) data_seen_ = true;
    return at_ = section_end_, state_ = state::section_head, true;
  }

  bool code_head() {
    const std::uint32_t begin = at_;
    std::uint32_t next = at_, count = 0;
    if (!number(next, section_end_, count)) return false;
    if (count != defined_functions()) return fail(inconsistent(begin));
    at_ = next;
    if (auto begun = begin_code(section_end_ - begin); !begun) return fail(begun.error());
    return state_ = state::body_head, true;
  }

  bool body_head() {
    if (info_.bodies.size() == defined_functions()) {
      if (at_ != section_end_) return fail(failure(failure_kind::malformed, "section size mismatch", at_).in_section(code_section));
      return state_ = state::section_head, true;
    }
    const std::uint32_t head = at_;
    std::uint32_t next = at_, size = 0;
    if (!number(next, section_end_, size)) return false;
    if (size > section_end_ - next) return fail(in_body(failure_kind::malformed, "unexpected end of section or function", head));
    if (size > module_limits::body_bytes) return fail(in_body(failure_kind::limit, "the function body is too large", head));
    at_ = next;
    body_end_ = at_ + size;
    return state_ = state::body, true;
  }

  bool body() {
    if (info_.bytes.size() < body_end_) return false;
    const auto index = std::uint32_t(info_.bodies.size());
    const std::span<const std::uint8_t> bytes(info_.bytes.data() + at_, body_end_ - at_);
    info_.bodies.push_back({at_, body_end_ - at_});
    if (auto done = sink_.body(index, bytes, at_); !done) return fail(done.error());
    return at_ = body_end_, state_ = state::body_head, true;
  }

  // A u32 at `at`, which it moves. Whether the number is cut off by the end of the module or just has not arrived yet cannot be
  // known here; one that is cut off by the end of its section is malformed.
  bool number(std::uint32_t& at, std::uint32_t limit, std::uint32_t& value) {
    const auto arrived = std::uint32_t(info_.bytes.size());
    const std::uint32_t stop = std::min(arrived, limit);
    const std::uint32_t begin = std::min(at, stop);
    reader in(std::span<const std::uint8_t>(info_.bytes.data() + begin, stop - begin), begin, "unexpected end of section or function");
    value = in.u32();
    if (in) return at = in.offset(), true;
    const bool cut_off = in.error().offset() == stop;
    if (cut_off && stop == arrived && stop != limit) return false;
    return fail(failure(in.error()).in_section(std::uint8_t(section_)));
  }

  result<void> begin_code(std::uint32_t bytes) {
    code_begun_ = true;
    return sink_.begin_code(info_, bytes, defined_functions());
  }

  std::uint32_t defined_functions() const { return std::uint32_t(info_.functions.size()) - info_.imported_functions; }
  std::uint32_t next_function() const { return info_.imported_functions + std::uint32_t(info_.bodies.size()); }
  failure in_body(failure_kind kind, const char* what, std::uint32_t at) const {
    return failure(kind, what, at).in_section(code_section).in_function(next_function());
  }
  static failure inconsistent(std::uint32_t at) {
    return failure(failure_kind::malformed, "function and code section have inconsistent lengths", at).in_section(code_section);
  }

  bool fail(failure f) { return failure_ = std::move(f), false; }
  bool fail(const char* what, std::uint32_t at) { return fail(failure(failure_kind::malformed, what, at)); }
  result<void> stop(failure f) { return failure_ = f, f; }

  module_info& info_;
  Sink& sink_;
  feature features_;
  state state_ = state::header;
  section section_ = section::custom;
  unsigned last_ = 0;                                      // order of the last section that is not custom
  std::uint32_t at_ = 0, section_end_ = 0, body_end_ = 0;  // offsets; what lies before at_ has been read
  bool code_begun_ = false, data_seen_ = false;
  std::optional<failure> failure_;
};

LIGHTBEAM_SMALL_END
}  // namespace lightbeam::inline LIGHTBEAM_ABI
