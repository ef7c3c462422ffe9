#pragma once

// One input, through the validator and the engine: both must say the same, in bounded time and memory.

#include "allocation.hpp"
#include "policies/policies.hpp"
#include <lightbeam/wasm/validator.hpp>
#include <cstring>
#include <ctime>

namespace mutations {

// What an input turned out to be. What a limit refuses counts apart: the engine has limits of its own.
enum class verdict : std::uint8_t { valid, malformed, invalid, unsupported, limit, failed };

struct finding {
  verdict outcome = verdict::valid;
  std::string why;  // it failed
};

class examination {
 public:
  // Under the address sanitizer.
#if defined(__SANITIZE_ADDRESS__)
  static constexpr bool watched = true;
#elif defined(__has_feature)
  static constexpr bool watched = __has_feature(address_sanitizer);
#else
  static constexpr bool watched = false;
#endif

  examination(const policies::any_engine& engine, std::span<const std::uint8_t> input) : engine_(engine), input_(input) {}

 private:
  // Calls f, which must not take more memory than ten times the input and 4 MiB. Machine code counts, its reservation does not.
  template <class F>
  auto bounded(F f) {
    const std::size_t before = allocated(), bound = 10 * input_.size() + (std::size_t{4} << 20);
    begin_peak();
    auto r = f();
    std::size_t most = peak_allocated() - before;
    if constexpr (requires { r->image(); })
      if (r) most += r->image().code_size;
    if (most > bound) fail("takes " + std::to_string(most) + " bytes of memory");
    return r;
  }

  static double seconds() {
    timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return double(t.tv_sec) + 1e-9 * double(t.tv_nsec);
  }
  double time_bound() const { return (watched ? 50 : 1) * (0.1 + 1e-6 * double(input_.size())); }

  template <class T>
  static verdict verdict_of(const lightbeam::result<T>& r) {
    if (r) return verdict::valid;
    switch (r.error().kind()) {
      case lightbeam::failure_kind::malformed: return verdict::malformed;
      case lightbeam::failure_kind::invalid: return verdict::invalid;
      case lightbeam::failure_kind::unsupported: return verdict::unsupported;
      case lightbeam::failure_kind::limit: return verdict::limit;
      default: return verdict::failed;
    }
  }
  void fail(const std::string& why) { why_ += why_.empty() ? why : "; " + why; }

  template <class T>
  void check_error(const lightbeam::result<T>& r) {
    if (r) return;
    const auto& e = r.error();
    if (verdict_of(r) == verdict::failed) fail("an error of the wrong kind: " + e.text());
    if (e.what() == nullptr || *e.what() == 0) fail("an error without a text: " + e.text());
    if (e.offset() > input_.size()) fail("an error outside of the input: " + e.text());
  }
  template <class T>
  static std::string text(const lightbeam::result<T>& r) { return r ? "valid" : r.error().text(); }
  // `limits`: where one of them is a limit, the other may be anything.
  template <class A, class B>
  void compare(const char* what, const lightbeam::result<A>& a, const lightbeam::result<B>& b, bool limits) {
    const bool limited = limits && (verdict_of(a) == verdict::limit || verdict_of(b) == verdict::limit);
    if (!limited && text(a) != text(b)) fail(std::string(what) + ": " + text(a) + " / " + text(b));
  }
  void compare_code(const lightbeam::module& a, const lightbeam::module& b) {
    const auto &x = a.image(), &y = b.image();
    if (x.code_size != y.code_size || std::memcmp(x.code, y.code, x.code_size) != 0) fail("machine code depends on the pieces");
  }

 public:
  // `chunk`: bytes of the pieces that the engine gets in a second run. Without them, and without a second set of features, if 0: for many
  // inputs that are slow to examine.
  finding run(std::size_t chunk) {
    const double start = seconds();
    const auto validated = bounded([&] { return lightbeam::validate(input_, engine_.features()); });
    const auto whole = bounded([&] { return engine_.compile(input_); });
    check_error(validated), check_error(whole);
    compare("validator and engine differ", validated, whole, true);
    if (chunk) {
      const auto with_vectors = bounded([&] { return lightbeam::validate(input_, lightbeam::feature::wasm2); });
      const auto pieces = bounded([&] { return engine_.compile_in_chunks(input_, chunk); });
      check_error(with_vectors), check_error(pieces);
      compare("the module in one piece and in several differ", whole, pieces, false);
      if (whole && pieces) compare_code(*whole, *pieces);
      if (validated && !with_vectors) fail("more features make it invalid: " + with_vectors.error().text());
    }
    if (const double took = seconds() - start; took > time_bound()) fail("takes " + std::to_string(took) + " s");
    return {why_.empty() ? verdict_of(validated) : verdict::failed, why_};
  }

 private:
  const policies::any_engine& engine_;
  std::span<const std::uint8_t> input_;
  std::string why_;
};

}  // namespace mutations
