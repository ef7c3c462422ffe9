// Sequences of two and three operators over operands of every shape, under a policy and under the interpreter.

#include "comparison.hpp"
#include "../spec/tally.hpp"
#include <cinttypes>
#include <cstring>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace sequences;

constexpr const char* help = R"(sequences [--policy NAME] [--cpu v1|detected] [--count N] [--seed S] [--only CASE] [--offsets]
  --policy NAME  a policy of examples/policies (guard_pages if not said)
  --cpu LEVEL    the highest instructions that compiled code may use
  --count N      cases to run (20000 if not said); all pairs need as many as --count 0 prints
  --seed S       of the operands, shapes and surroundings
  --only CASE    one case alone, in this process
  --offsets      compares which operator a trap names, too
)";

struct options {
  std::string policy = "guard_pages";
  suite::cpu_level cpu = suite::cpu_level::detected;
  std::uint64_t count = 20000, seed = 1;
  std::optional<std::uint64_t> only;
  bool offsets = false;
};

// Modules are large enough that what a module costs does not count, and small enough that a crash costs little.
constexpr std::uint64_t batch_size = 250;

class runner {
 public:
  explicit runner(const options& o) : options_(o) {}

  suite::tally run() {
    for (std::uint64_t first = 0; first < options_.count; first += batch_size) run_batch(first, std::min(options_.count, first + batch_size));
    return tally_;
  }

  // Cases from first to last in this process. Returns what each gave; where the module does not load, all fail.
  std::vector<report> run_here(std::uint64_t first, std::uint64_t last) const {
    batch b(plan_, options_.seed);
    for (auto n = first; n < last; ++n) b.add(n);
    comparison c(options_.policy, options_.cpu, options_.offsets);
    if (auto f = c.load(b.bytes())) return std::vector<report>(std::size_t(last - first), {verdict::failed, *f});
    std::vector<report> all;
    for (auto n = first; n < last; ++n) all.push_back(c.run(n, options_.seed));
    return all;
  }

  void print_failure(std::uint64_t number, const std::string& why) const {
    batch alone(plan_, options_.seed);
    alone.add(number);
    const std::string file = "sequence-" + std::to_string(options_.seed) + "-" + std::to_string(number) + ".wasm";
    if (FILE* f = std::fopen(file.c_str(), "wb")) {
      const auto bytes = alone.bytes();
      std::fwrite(bytes.data(), 1, bytes.size(), f);
      std::fclose(f);
    }
    random_source r(options_.seed ^ (number * 0x9e3779b97f4a7c15));
    std::string names;
    for (const auto& link : plan_.chain(number, r)) names += std::string(link.row->name) + "; ";
    std::printf("FAILED case %" PRIu64 " (%s): %s\n  module %s; again: sequences --policy %s%s --seed %" PRIu64 " --only %" PRIu64 "\n", number, names.c_str(),
                why.c_str(), file.c_str(), options_.policy.c_str(), options_.cpu == suite::cpu_level::v1 ? " --cpu v1" : "", options_.seed, number);
    std::fflush(stdout);
  }

 private:
  // In a child, because wrong code may do anything. What failed is run again alone, so that it stands for itself.
  void run_batch(std::uint64_t first, std::uint64_t last) {
    const auto verdicts = run_in_child(first, last);
    for (auto n = first; n < last; ++n) {
      const auto v = std::size_t(n - first) < verdicts.size() ? verdicts[std::size_t(n - first)] : verdict::failed;
      if (v == verdict::passed) ++tally_.passed;
      else if (v == verdict::undetermined) ++tally_.skipped["bits of a NaN"];
      else count_alone(n);
    }
  }
  void count_alone(std::uint64_t number) {
    const auto alone = run_in_child(number, number + 1);
    const bool crashed = alone.empty();
    if (!crashed && alone[0] == verdict::passed) {
      ++tally_.passed;  // it shared a module with the one that crashed or did not compile
      return;
    }
    if (++tally_.failed <= most_printed) print_failure(number, crashed ? "the process crashed" : run_here(number, number + 1)[0].why);
  }
  static constexpr std::size_t most_printed = 30;

  // A verdict per case; none from the first one on if the child crashed.
  std::vector<verdict> run_in_child(std::uint64_t first, std::uint64_t last) const {
    int ends[2];
    if (pipe(ends) != 0) return {};
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      for (const auto& r : run_here(first, last))
        if (write(ends[1], &r.outcome, 1) != 1) _exit(1);
      _exit(0);
    }
    close(ends[1]);
    std::vector<verdict> verdicts;
    for (verdict v; read(ends[0], &v, 1) == 1;) verdicts.push_back(v);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    return verdicts;
  }

  options options_;
  plan plan_;
  suite::tally tally_;
};

std::optional<options> read_options(int argc, char** argv) {
  options o;
  for (int i = 1; i < argc; ++i) {
    const std::string_view a = argv[i];
    if (a == "--offsets") {
      o.offsets = true;
      continue;
    }
    const char* next = i + 1 < argc ? argv[++i] : nullptr;
    if (!next) return {};
    if (a == "--policy") o.policy = next;
    else if (a == "--count") o.count = suite::number(next);
    else if (a == "--seed") o.seed = suite::number(next);
    else if (a == "--only") o.only = suite::number(next);
    else if (a == "--cpu" && (!std::strcmp(next, "v1") || !std::strcmp(next, "detected"))) o.cpu = *next == 'v' ? suite::cpu_level::v1 : suite::cpu_level::detected;
    else return {};
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
    const auto r = all.run_here(*o->only, *o->only + 1)[0];
    if (r.outcome == verdict::failed) all.print_failure(*o->only, r.why);
    return std::puts(r.outcome == verdict::failed ? "failed" : r.outcome == verdict::passed ? "passed" : "undetermined"), r.outcome == verdict::failed;
  }
  std::printf("policy %s, seed %" PRIu64 ": all pairs are %zu cases\n", o->policy.c_str(), o->seed, plan().pairs());
  return print_total(all.run());
}
