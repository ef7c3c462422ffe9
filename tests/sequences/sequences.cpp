// Sequences of two and three operators over operands of every shape, under a policy and under the interpreter.

#include "child.hpp"
#include "comparison.hpp"
#include "reduction.hpp"
#include "run_options.hpp"
#include "../spec/tally.hpp"
#include <algorithm>
#include <cinttypes>
#include <cstring>
#include <fstream>

namespace {

using namespace sequences;

constexpr const char* help = R"(sequences [--policy NAME] [--cpu v1|detected] [--count N] [--seed S] [--only CASE] [--offsets] [--reduce] [--stop]
  --policy NAME  a policy of examples/policies (guard_pages if not said)
  --cpu LEVEL    the highest instructions that compiled code may use
  --count N      cases to run (20000 if not said); all pairs need as many as --count 0 prints
  --seed S       of the operands, shapes and surroundings
  --only CASE    one case alone, in this process
  --offsets      compares which operator a trap names, too
  --stop         at the first failure
  --reduce       makes the modules of failing cases as small as they still fail
)";

struct options : run_options {
  bool offsets = false, reduce = false, stop = false;
};

// Modules are large enough that what a module costs does not count, and small enough that a crash costs little.
constexpr std::uint64_t batch_size = 250;

class runner {
 public:
  explicit runner(const options& o) : options_(o) {}

  suite::tally run() {
    for (std::uint64_t first = 0; first < options_.count && !stopped(); first += batch_size) run_batch(first, std::min(options_.count, first + batch_size));
    return tally_;
  }
  report run_alone(std::uint64_t number) const { return run_here(of_cases(number, number + 1), number, number + 1)[0]; }
  void print_failure(std::uint64_t number, const std::string& why) const {
    const batch b(plan_, options_.seed);
    const auto file = write_module(number, options_.reduce ? reduce(number, b.make(number)) : b.make(number));
    std::printf("FAILED case %" PRIu64 " (%s): %s\n  module %s; again: sequences --policy %s%s --seed %" PRIu64 " --only %" PRIu64 "\n", number,
                b.chain_text(number).c_str(), why.c_str(), file.c_str(), options_.policy.c_str(), options_.cpu == suite::cpu_level::v1 ? " --cpu v1" : "",
                options_.seed, number);
    std::fflush(stdout);
  }

 private:
  batch of_cases(std::uint64_t first, std::uint64_t last) const {
    batch b(plan_, options_.seed);
    for (auto n = first; n < last; ++n) b.add(n);
    return b;
  }
  batch of_function(std::uint64_t number, const case_function& f) const {
    batch b(plan_, options_.seed);
    b.add(number, f);
    return b;
  }

  // In this process. Returns what each case gave; where the module does not load, all fail.
  std::vector<report> run_here(const batch& b, std::uint64_t first, std::uint64_t last) const {
    comparison c(options_.policy, options_.cpu, options_.offsets);
    if (auto f = c.load(b.bytes())) return std::vector<report>(std::size_t(last - first), {verdict::failed, *f});
    std::vector<report> all;
    for (auto n = first; n < last; ++n) all.push_back(c.run(n, options_.seed));
    return all;
  }

  bool stopped() const { return options_.stop && tally_.failed > 0; }
  // In a child, because wrong code may do anything. What failed is run again alone, so that it stands for itself.
  void run_batch(std::uint64_t first, std::uint64_t last) {
    const auto verdicts = run_in_child(of_cases(first, last), first, last);
    for (auto n = first; n < last && !stopped(); ++n) {
      const auto v = std::size_t(n - first) < verdicts.size() ? verdicts[std::size_t(n - first)] : verdict::failed;
      if (v == verdict::passed) ++tally_.passed;
      else if (v == verdict::undetermined) ++tally_.skipped["bits of a NaN, or endless"];
      else count_alone(n);
    }
  }
  void count_alone(std::uint64_t number) {
    const auto alone = run_in_child(of_cases(number, number + 1), number, number + 1);
    const bool crashed = alone.empty();
    if (!crashed && alone[0] == verdict::passed) {
      ++tally_.passed;  // it shared a module with the one that crashed or did not compile
      return;
    }
    if (++tally_.failed <= most_printed) print_failure(number, crashed ? "the process crashed" : run_alone(number).why);
  }
  static constexpr std::size_t most_printed = 30;

  // A verdict per case; none from the first one on if the child crashed.
  std::vector<verdict> run_in_child(const batch& b, std::uint64_t first, std::uint64_t last) const {
    return sequences::run_in_child<verdict>(20, [&](const auto& give) {
      for (const auto& r : run_here(b, first, last)) give(r.outcome);
    });
  }

  case_function reduce(std::uint64_t number, const case_function& f) const {
    const auto oracle = suite::make_backend("interpreter", options_.cpu);
    const auto fails = [&](const case_function& g) {
      const auto b = of_function(number, g);
      if (oracle->compile(b.bytes()).index() != 0) return false;
      const auto verdicts = run_in_child(b, number, number + 1);
      return verdicts.empty() || verdicts[0] == verdict::failed;
    };
    return reduction(fails).run(f);
  }
  std::string write_module(std::uint64_t number, const case_function& f) const {
    std::string file = "sequence-" + std::to_string(options_.seed) + "-" + std::to_string(number) + ".wasm";
    const auto bytes = of_function(number, f).bytes();
    std::ofstream(file, std::ios::binary).write(reinterpret_cast<const char*>(bytes.data()), std::streamsize(bytes.size()));
    return file;
  }

  options options_;
  plan plan_;
  suite::tally tally_;
};

std::optional<options> read_options(int argc, char** argv) {
  options o;
  o.count = 20000;
  for (int i = 1; i < argc; ++i) {
    const std::string_view a = argv[i];
    if (a == "--offsets") o.offsets = true;
    else if (a == "--reduce") o.reduce = true;
    else if (a == "--stop") o.stop = true;
    else if (i + 1 == argc || !o.take(a, argv[++i])) return {};
  }
  return o;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = read_options(argc, argv);
  if (!o) return std::fputs(help, stderr), 2;
  if (!comparison(o->policy, o->cpu, false)) return std::printf("no policy is called %s\n", o->policy.c_str()), 2;
  runner all(*o);
  if (o->only) {
    const auto r = all.run_alone(*o->only);
    if (r.outcome == verdict::failed) all.print_failure(*o->only, r.why);
    return std::puts(r.outcome == verdict::failed ? "failed" : r.outcome == verdict::passed ? "passed" : "undetermined"), r.outcome == verdict::failed;
  }
  std::printf("policy %s, seed %" PRIu64 ": all pairs are %zu cases\n", o->policy.c_str(), o->seed, plan().pairs());
  if (o->count == 0) return 0;
  return print_total(all.run());
}
