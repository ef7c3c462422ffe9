// Random structured programs under a policy and under the interpreter; what differs is made small.

#include "../sequences/child.hpp"
#include "../sequences/run_options.hpp"
#include "../spec/tally.hpp"
#include "execution.hpp"
#include "generator.hpp"
#include "listing.hpp"
#include "shrinker.hpp"
#include <chrono>
#include <cinttypes>

namespace {

using namespace structured;

constexpr const char* help = R"(structured [--policy NAME] [--cpu v1|detected] [--count N] [--seed S] [--only PROGRAM]
Runs random programs and compares after every call results, traps, memory, globals and tables with the interpreter's. A program
that fails is cut down to what is needed for that; it is printed and written to a file.
  --policy NAME  a policy of examples/policies (guard_pages if not said)
  --cpu LEVEL    the highest instructions that compiled code may use
  --count N      programs to run (8000 if not said)
  --seed S       of the programs
  --only N       one program alone
)";

using options = sequences::run_options;

// What a child reports of one program.
struct outcome {
  verdict what = verdict::passed;
  std::uint32_t returned = 0, trapped = 0;
};

class runner {
 public:
  explicit runner(const options& o) : options_(o) {}

  suite::tally run(std::uint64_t first, std::uint64_t last) {
    for (auto at = first; at < last && tally_.failed < most_failures;) at += run_batch(at, std::min(last, at + batch_size));
    std::printf("%zu calls returned, %zu trapped\n", returned_, trapped_);
    return tally_;
  }

 private:
  static constexpr std::uint64_t batch_size = 200;
  static constexpr std::size_t most_failures = 10;

  // How many programs have been counted: all of the batch, or up to one that crashed.
  std::uint64_t run_batch(std::uint64_t first, std::uint64_t last) {
    const auto got = sequences::run_in_child<outcome>(60, [&](const auto& give) {
      for (auto n = first; n < last; ++n) give(run_here(generate(options_.seed, n)));
    });
    auto n = first;
    for (const auto& o : got) count(n++, o);
    if (n < last) count(n++, {verdict::failed, 0, 0});
    return n - first;
  }
  outcome run_here(const program& p) const {
    execution e(options_.policy, options_.cpu);
    const auto what = e.run(p).outcome;
    return {what, std::uint32_t(e.returned()), std::uint32_t(e.trapped())};
  }
  void count(std::uint64_t number, const outcome& o) {
    returned_ += o.returned, trapped_ += o.trapped;
    if (o.what == verdict::passed)
      ++tally_.passed;
    else if (o.what == verdict::endless)
      ++tally_.skipped["endless"];
    else
      ++tally_.failed, report_failure(number);
  }

  // The child gives its sentence, a letter at a time.
  std::string reason(const program& p) const {
    const auto letters = sequences::run_in_child<char>(child_seconds, [&](const auto& give) {
      const auto r = execution(options_.policy, options_.cpu).run(p);
      for (const char c : r.outcome == verdict::passed ? "passes when it runs alone" : r.why) give(c);
    });
    return letters.empty() ? "the process crashed, or did not end" : std::string(letters.begin(), letters.end());
  }
  bool fails(const program& p) const {
    const auto module = writer(p).bytes();
    if (!module || suite::make_backend("interpreter", options_.cpu)->compile(*module).index() != 0) return false;
    const auto got = sequences::run_in_child<outcome>(child_seconds, [&](const auto& give) { give(run_here(p)); });
    return got.empty() || got[0].what == verdict::failed;
  }
  void report_failure(std::uint64_t number) const {
    const auto whole = generate(options_.seed, number);
    const auto before = operators_in(whole);
    std::printf("FAILED program %" PRIu64 ": %s\n", number, reason(whole).c_str());
    std::fflush(stdout);
    const auto begin = std::chrono::steady_clock::now();
    const auto small = shrinker(whole, [this](const program& p) { return fails(p); }).run();
    const auto seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::printf("  from %zu operators to %zu in %.1f s: %s\n%s", before, operators_in(small), seconds, reason(small).c_str(),
                listing(small).text().c_str());
    std::printf("  module %s; again: build/tests/structured --policy %s --cpu %s --seed %" PRIu64 " --only %" PRIu64 "\n",
                write_module(number, small).c_str(), options_.policy.c_str(), options_.cpu == suite::cpu_level::v1 ? "v1" : "detected", options_.seed,
                number);
    std::fflush(stdout);
  }
  std::string write_module(std::uint64_t number, const program& p) const {
    std::string file = "structured-" + std::to_string(options_.seed) + "-" + std::to_string(number) + ".wasm";
    if (const auto bytes = writer(p).bytes())
      std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(bytes->data()), std::streamsize(bytes->size()));
    return file;
  }

  static constexpr unsigned child_seconds = 5;
  options options_;
  suite::tally tally_;
  std::size_t returned_ = 0, trapped_ = 0;
};

// Nothing where the arguments make no sense.
std::optional<options> read_options(int argc, char** argv) {
  options o;
  o.count = 8000;
  for (int i = 1; i < argc; i += 2)
    if (i + 1 == argc || !o.take(argv[i], argv[i + 1])) return {};
  return o;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && !std::strcmp(argv[1], "--help")) return std::fputs(help, stdout), 0;
  const auto o = read_options(argc, argv);
  if (!o) return std::fputs(help, stderr), 2;
  if (!execution(o->policy, o->cpu).exists()) return std::printf("no policy is called %s\n", o->policy.c_str()), 2;
  std::printf("policy %s, seed %" PRIu64 "\n", o->policy.c_str(), o->seed);
  return print_total(o->only ? runner(*o).run(*o->only, *o->only + 1) : runner(*o).run(0, o->count));
}
