#include "lightbeam/core/file.hpp"
#include <doctest/doctest.h>

using namespace lightbeam;

namespace {

struct names final : failure_source {
  explicit names(bool& gone) : gone_(gone) {}
  ~names() override { gone_ = true; }
  std::string function_name(std::uint32_t index) const override { return index == 3 ? "run" : index == 5 ? "\x1b[31m\nr\xc3\xb6t\xc2\x9b" : ""; }
  bool& gone_;
};
struct words final : failure_source {
  std::string message() const override { return "all of it"; }
};

}  // namespace

TEST_CASE("a failure is one sentence with all that is known") {
  CHECK(failure(failure_kind::malformed, "unexpected end").text() == "malformed: unexpected end");
  CHECK(failure(failure_kind::invalid, "unknown type", 0x1f2).text() == "invalid: unknown type, byte 0x1f2");
  CHECK(failure(failure_kind::invalid, "unknown local", 4).of(17).in_function(2).text() == "invalid: unknown local 17, in function 2, byte 0x4");
  CHECK(failure(failure_kind::malformed, "illegal opcode").of(0xfc0020).text() == "malformed: illegal opcode 0xfc0020");
  CHECK(failure(failure_kind::invalid, "type mismatch").types(1, 4).text() == "invalid: type mismatch: expected i32, found f64");
  CHECK(failure(failure_kind::invalid, "type mismatch").types(7, 0).text() == "invalid: type mismatch: expected externref, found nothing");
  CHECK(failure(failure_kind::limit, "too many types", 9).in_section(1).text() == "limit: too many types, in the type section, byte 0x9");
  CHECK(failure(trap_code::integer_divide_by_zero).in_function(2).text() == "trap: integer divide by zero, in function 2");
  CHECK(failure::exit(7).text() == "exit: the program ended by itself with code 7");
}

TEST_CASE("names come from the source, which lives as long as the failures do") {
  bool gone = false;
  {
    std::optional<failure> kept;
    {
      const failure f = failure(failure_kind::invalid, "type mismatch", 0x1f2).types(1, 4).in_function(3).from(new names(gone));
      CHECK(f.text() == "invalid: type mismatch: expected i32, found f64, in function 3 (\"run\"), byte 0x1f2");
      kept = f;
    }
    CHECK_FALSE(gone);
    CHECK(failure(*kept).in_function(4).text() == "invalid: type mismatch: expected i32, found f64, in function 4, byte 0x1f2");
    CHECK_FALSE(gone);
  }
  CHECK(gone);
  CHECK(failure(trap_code::unreachable).in_function(5).from(new names(gone)).text() == "trap: unreachable, in function 5 (\"\\x1b[31m\\x0ar\xc3\xb6t\\xc2\\x9b\")");
  CHECK(failure(failure_kind::link, "").from(new words).text() == "all of it");
}

TEST_CASE("every trap has the text of the test suite") {
  CHECK(std::string(failure(trap_code::unreachable).what()) == "unreachable");
  CHECK(std::string(failure(trap_code::host).what()) == "host function failed");
  CHECK(failure(trap_code::call_stack_exhausted).code() == trap_code::call_stack_exhausted);
  CHECK(failure::exit(3).exit_code() == 3);
  CHECK(failure(failure_kind::trap, "of the host's own").code() == trap_code::host);
  CHECK(text(trap_code(255)) == "not a trap");
}

TEST_CASE("files are read whole, or say that they cannot be") {
  const auto self = read_file("/proc/self/exe");
  REQUIRE(bool(self));
  CHECK(std::string(self->begin(), self->begin() + 4) == "\x7f" "ELF");
  const auto none = read_file("/nonexistent/file");
  REQUIRE_FALSE(none);
  CHECK(none.error().kind() == failure_kind::io);
  CHECK_FALSE(read_file("/"));
  const auto endless = read_file("/dev/zero", 100'000);
  REQUIRE(!endless);
  CHECK(endless.error().kind() == failure_kind::limit);
}
