// Bad input: prefixes and random mutations of modules, through the validator and the engine.

#include "../spec/tally.hpp"
#include "corpus.hpp"
#include "examination.hpp"
#include "mutation.hpp"
#include <array>
#include <cinttypes>
#include <cstring>
#include <fstream>
#include <optional>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace mutations;

constexpr const char* help = R"(mutations [--policy NAME] [--scale PERCENT] [--seed S] [--part NAME] [--large FILE] [--only PART:CASE] [--write FILE]
Gives the validator and the engine, whole and in chunks, bad modules. Each must be refused, with the same text and offset by both, or be
valid, in bounded time and memory.
  --policy NAME     a policy of examples/policies (the first one that was built if not said)
  --scale PERCENT   of the cases to run (100 if not said): all prefixes of modules up to 20 KB, 2000 of larger ones, 200000 mutations
                    of modules up to 64 KB, 20000 of the large module
  --seed S          of the mutations and chunks
  --part NAME       prefixes, larger, mutations or large alone
  --large FILE      a module of half a megabyte (quickjs from npm); without it the part `large` is skipped
  --only PART:CASE  one case alone, in this process
  --write FILE      only writes there these inputs (before prefixes whole modules), each after a line NAME<tab>SIZE<tab>VERDICT, which
                    says what our validator thinks of it: for agree.py
)";

enum part : std::size_t { prefixes, larger, mutated, large, parts };
constexpr std::array<const char*, parts> part_names{"prefixes", "larger", "mutations", "large"};

struct options {
  std::string policy{policies::names()[0]}, large_file, written;
  std::uint64_t scale = 100, seed = 1;
  std::optional<part> alone;
  std::optional<std::uint64_t> only;
};

class runner {
 public:
  explicit runner(const options& o)
      : options_(o), corpus_({std::string(LIGHTBEAM_SPEC_DIR) + "/2.0", LIGHTBEAM_FUZZ_DIR, LIGHTBEAM_KERNELS_DIR}, o.large_file), engine_(policies::make_engine(o.policy)) {}
  explicit operator bool() const { return engine_ != nullptr; }

  const std::vector<corpus_module>& modules() const { return corpus_.all(); }
  // How many cases a part has in all, and which of them the n-th of those to be run is.
  std::uint64_t cases(part p) const {
    const std::uint64_t all[] = {corpus_.prefixes(), corpus_.larger().empty() ? 0 : 2000u, corpus_.up_to_64k().empty() ? 0 : 200'000u, corpus_.large() ? 20'000u : 0};
    return all[p];
  }
  std::uint64_t chosen(part p) const { return (cases(p) * options_.scale + 99) / 100; }
  // Prefixes evenly, from an offset that the seed says.
  std::uint64_t number(part p, std::uint64_t n) const { return p == prefixes ? (n * cases(p) / chosen(p) + options_.seed) % cases(p) : n; }

  bytes input(part p, std::uint64_t n) const {
    random_source r(options_.seed * 0x9e3779b97f4a7c15 ^ (n << 8 | p));
    const auto& all = corpus_.all();
    if (p == prefixes) return corpus_.prefix(n);
    if (p == larger) {
      const bool real = corpus_.large() && r.one_in(4);
      const auto& m = real ? corpus_.large()->content : all[r.pick(corpus_.larger())].content;
      return {m.begin(), m.begin() + std::ptrdiff_t(r.below(m.size()))};
    }
    return mutation(r, p == large ? corpus_.large()->content : all[r.pick(corpus_.up_to_64k())].content).run();
  }
  finding examine(part p, std::uint64_t n) const {
    const bytes m = input(p, n);
    random_source r(options_.seed ^ n);
    if (p == prefixes && examination::watched && !r.one_in(4)) return examination(*engine_, m).run(0);
    return examination(*engine_, m).run(r.one_in(8) && m.size() < 4096 ? 1 : 1 + r.below(std::max<std::size_t>(m.size(), 1)));
  }

  void run(part p) {
    if (options_.alone && *options_.alone != p) return;
    suite::tally t;
    if (cases(p) == 0) t.skipped[std::string("no modules for ") + part_names[p]] = p == large ? 20'000 : 1;
    outcomes_ = {};
    for (std::uint64_t n = 0; n < chosen(p);) n = run_in_child(p, n, std::min(chosen(p), n + batch), t);
    suite::print_line(part_names[p], t);
    std::printf("  %zu valid, %zu malformed, %zu invalid, %zu unsupported, %zu beyond a limit\n", outcomes_[0], outcomes_[1], outcomes_[2], outcomes_[3], outcomes_[4]);
    std::fflush(stdout);
    total_ += t;
  }
  const suite::tally& total() const { return total_; }

  void print_failure(part p, std::uint64_t n, const std::string& why) const {
    std::printf("FAILED %s %" PRIu64 ": %s\n  again: mutations --policy %s%s%s --seed %" PRIu64 " --only %s:%" PRIu64 "\n", part_names[p], n, why.c_str(), options_.policy.c_str(),
                options_.large_file.empty() ? "" : " --large ", options_.large_file.c_str(), options_.seed, part_names[p], n);
    std::fflush(stdout);
  }

 private:
  static constexpr std::uint64_t batch = 2000;
  static constexpr unsigned hang_seconds = 60;
  static constexpr std::size_t most_printed = 30;

  // From `first` on in a child, because anything may happen. Returns where to go on: behind the case that killed it.
  std::uint64_t run_in_child(part p, std::uint64_t first, std::uint64_t last, suite::tally& t) {
    int ends[2];
    if (pipe(ends) != 0) return ++t.failed, last;
    std::fflush(stdout);
    const pid_t child = fork();
    if (child == 0) {
      for (auto n = first; n < last; ++n) {
        alarm(hang_seconds);
        const auto outcome = examine(p, number(p, n)).outcome;
        if (write(ends[1], &outcome, 1) != 1) _exit(1);
      }
      _exit(0);
    }
    close(ends[1]);
    auto n = first;
    for (verdict v; read(ends[0], &v, 1) == 1; ++n) count(p, number(p, n), v, t);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (n == last) return n;
    const int signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (++t.failed <= most_printed) print_failure(p, number(p, n), signal == SIGALRM ? "hangs" : signal ? strsignal(signal) : "the process ended");
    return n + 1;
  }
  void count(part p, std::uint64_t n, verdict v, suite::tally& t) {
    if (v != verdict::failed) {
      ++t.passed;
      ++outcomes_[std::size_t(v)];
    } else if (++t.failed <= most_printed) {
      const auto again = examine(p, n);
      print_failure(p, n, again.why.empty() ? "not when run alone" : again.why);
    }
  }

  options options_;
  corpus corpus_;
  std::unique_ptr<policies::any_engine> engine_;
  suite::tally total_;
  std::array<std::size_t, 6> outcomes_{};
};

// For comparison with other validators: each input after a line with what ours says of it as all of Wasm 2.0.
void write_input(std::ostream& to, const char* part, std::uint64_t number, const bytes& m) {
  const auto done = lightbeam::validate(m, lightbeam::feature::wasm2);
  to << part << '-' << number << ".wasm\t" << m.size() << '\t' << (done ? "valid" : done.error().text()) << '\n';
  to.write(reinterpret_cast<const char*>(m.data()), std::streamsize(m.size()));
}
int write_inputs(const runner& all, const options& o) {
  std::ofstream to(o.written, std::ios::binary);
  for (std::uint64_t n = 0; (!o.alone || *o.alone == prefixes) && n < all.modules().size(); ++n) write_input(to, "module", n, all.modules()[n].content);
  for (const part p : {prefixes, larger, mutated, large})
    for (std::uint64_t n = 0; (!o.alone || *o.alone == p) && n < all.chosen(p); ++n) write_input(to, part_names[p], all.number(p, n), all.input(p, all.number(p, n)));
  return to.flush() ? 0 : (std::fprintf(stderr, "%s cannot be written\n", o.written.c_str()), 2);
}

bool read_part(std::string_view name, options& o) {
  const auto colon = name.find(':');
  for (std::size_t p = 0; p < parts; ++p)
    if (part_names[p] == name.substr(0, colon)) o.alone = part(p);
  if (colon != name.npos) o.only = std::strtoull(name.data() + colon + 1, nullptr, 0);
  return o.alone.has_value();
}
std::optional<options> read_options(int argc, char** argv) {
  options o;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view a = argv[i];
    const char* const next = argv[i + 1];
    if (a == "--policy") o.policy = next;
    else if (a == "--scale") o.scale = std::strtoull(next, nullptr, 0);
    else if (a == "--seed") o.seed = std::strtoull(next, nullptr, 0);
    else if (a == "--large") o.large_file = next;
    else if (a == "--write") o.written = next;
    else if ((a != "--part" && a != "--only") || !read_part(next, o) || (a == "--only") != o.only.has_value()) return {};
  }
  if (argc % 2 == 0 || o.scale > 100) return {};
  return o;
}

}  // namespace

int main(int argc, char** argv) {
  const auto o = read_options(argc, argv);
  if (!o) return std::fputs(help, argc == 2 && !std::strcmp(argv[1], "--help") ? stdout : stderr), argc == 2 && !std::strcmp(argv[1], "--help") ? 0 : 2;
  runner all(*o);
  if (!all) return std::printf("no policy is called %s\n", o->policy.c_str()), 2;
  if (!o->written.empty()) return write_inputs(all, *o);
  if (o->only) {
    if (*o->only >= all.cases(*o->alone)) return std::puts("there is no such case"), 2;
    const auto f = all.examine(*o->alone, *o->only);
    if (f.outcome == verdict::failed) all.print_failure(*o->alone, *o->only, f.why);
    return std::puts(f.outcome == verdict::failed ? "failed" : "passed"), f.outcome == verdict::failed;
  }
  for (const part p : {prefixes, larger, mutated, large}) all.run(p);
  return suite::print_total(all.total());
}
