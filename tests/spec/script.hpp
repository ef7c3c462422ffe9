#pragma once

// Runs the commands of one JSON file of the test suite, and those that the random modules add.

#include "json_value.hpp"
#include "module_imports.hpp"
#include "tally.hpp"
#include <filesystem>
#include <functional>
#include <variant>

namespace suite {

namespace fs = std::filesystem;
using lightbeam::failure_kind;

struct script_options {
  bool kinds_agree = false;       // invalid and malformed are told apart: all features of the directory are enabled
  bool fresh_stores = false;      // every module starts in a store of its own
  bool quietened = false;         // expected f32 NaNs went through a host that quietens them
  const expected_failures* expected = nullptr;
};

class script {
 public:
  script(backend& b, fs::path json_file, script_options options)
      : backend_(b), file_(std::move(json_file)), name_(file_.parent_path().parent_path().filename() / file_.stem()), options_(options) {}

  tally run() {
    backend_.new_store();
    const json commands = json::parse(std::ifstream(file_))["commands"];
    for (const auto& c : commands) command(c);
    return tally_;
  }
  const std::string& name() const { return name_; }

 private:
  // What a name of a module stands for: an instance, or the reason why there is none.
  struct unit {
    std::optional<handle> instance;
    std::string skipped;  // empty: it failed
    bool was_skipped() const { return !instance && !skipped.empty(); }
  };
  struct definition {
    std::optional<handle> module;
    std::string skipped;
    std::vector<std::string> imports;  // modules
  };

  void command(const json& c) {
    line_ = c["line"];
    excuse_.clear();
    const std::string type = c["type"];
    static const std::map<std::string, void (script::*)(const json&)> commands = {
        {"module", &script::module},
        {"module_definition", &script::module_definition},
        {"module_instance", &script::module_instance},
        {"register", &script::register_},
        {"action", &script::action},
        {"assert_return", &script::action},
        {"assert_trap", &script::assert_trap},
        {"assert_exhaustion", &script::assert_trap},
        {"assert_exception", &script::assert_exception},
        {"assert_uninstantiable", &script::assert_uninstantiable},
        {"assert_unlinkable", &script::assert_unlinkable},
        {"assert_invalid", &script::assert_rejected},
        {"assert_malformed", &script::assert_rejected},
        {"assert_invalid_custom", &script::assert_custom},
        {"assert_malformed_custom", &script::assert_custom},
        {"assert_memory", &script::assert_memory},
    };
    const auto found = commands.find(type);
    if (found == commands.end()) return fail("unknown command " + type);
    if (c.contains("module_type") && !c.contains("filename")) ++tally_.text;
    else (this->*found->second)(c);
  }

  // ---- outcomes of one assertion

  std::string place() const { return name_ + ":" + std::to_string(line_); }
  void pass() {
    if (options_.expected && options_.expected->contains(place())) return count_failure("passes, but is listed as an expected failure");
    ++tally_.passed;
  }
  void fail(const std::string& why) {
    if (!excuse_.empty()) return skip(excuse_);
    if (options_.expected && options_.expected->contains(place())) ++tally_.expected_to_fail;
    else count_failure(why);
  }
  void count_failure(const std::string& why) {
    ++tally_.failed;
    std::printf("FAILED %s: %s\n", place().c_str(), why.c_str());
  }
  void skip(const std::string& reason) { ++tally_.skipped[reason]; }
  void check(bool good, const std::string& why) { good ? pass() : fail(why); }
  void fail_or_skip(const std::string& skipped) { skipped.empty() ? fail("depends on a module that failed") : skip(skipped); }

  // ---- modules

  std::vector<std::uint8_t> bytes(const json& c) const {
    std::ifstream f(file_.parent_path() / std::string(c["filename"]), std::ios::binary);
    return {std::istreambuf_iterator<char>(f), {}};
  }
  // The first feature that is needed and not enabled.
  std::string missing(const json& features) const {
    for (const std::string f : features)
      if (!enabled(f)) return f;
    return {};
  }
  bool enabled(const std::string& name) const {
    for (std::uint32_t bit = 1; bit <= std::uint32_t(lightbeam::feature::legacy_exceptions); bit <<= 1)
      if (text(lightbeam::feature(bit)) == name) return contains(backend_.features(), lightbeam::feature(bit));
    return false;
  }

  // Compiles a valid module. Fails aloud where that fails, or where a module that needs more than is enabled passes.
  definition define(const json& c) {
    const std::string file = c["filename"];
    if (const auto known = defined_.find(file); known != defined_.end()) return known->second;
    return defined_[file] = compile(c);
  }
  definition compile(const json& c) {
    const std::string needed = missing(c["needs"]);
    const auto module_bytes = bytes(c);
    const auto compiled = backend_.compile(module_bytes);
    const auto* module = std::get_if<handle>(&compiled);
    const auto imports = import_names(module_bytes).names;
    if (needed.empty() && module) return {*module, {}, imports};
    if (needed.empty()) fail("does not compile: " + std::get<lightbeam::failure>(compiled).text());
    else if (module) fail("compiles, but needs " + needed);
    else return {{}, needed, imports};
    return {};
  }
  // Why a module cannot be linked: it imports from a module that was skipped.
  std::string skipped_import(const definition& d) const {
    for (const auto& from : d.imports)
      if (const auto r = registered_.find(from); r != registered_.end() && r->second.was_skipped()) return r->second.skipped;
    return {};
  }
  // A module that was skipped might have written to what it imports: what fails there from now on depends on it.
  void excuse_imports(const definition& d) {
    for (const auto& from : d.imports)
      if (const auto r = registered_.find(from); r != registered_.end() && r->second.instance) excuses_.try_emplace(*r->second.instance, d.skipped);
  }
  unit instantiate(const definition& d) {
    if (!d.module) return excuse_imports(d), unit{{}, d.skipped};
    if (!backend_.runs()) return {{}, "not run"};
    if (auto skipped = skipped_import(d); !skipped.empty()) return {{}, skipped};
    const auto made = backend_.instantiate(*d.module);
    if (const auto* instance = std::get_if<handle>(&made)) return {*instance, {}};
    fail("does not instantiate: " + std::get<lightbeam::failure>(made).text());
    return {};
  }

  void module(const json& c) {
    if (options_.fresh_stores) backend_.new_store();
    current_ = instantiate(define(c));
    if (c.contains("name")) units_[c["name"]] = current_;
  }
  void module_definition(const json& c) {
    last_definition_ = define(c);
    if (c.contains("name")) definitions_[c["name"]] = last_definition_;
  }
  void module_instance(const json& c) {
    current_ = instantiate(c.contains("module") && !c["module"].is_null() ? definitions_[c["module"]] : last_definition_);
    if (c.contains("instance") && !c["instance"].is_null()) units_[c["instance"]] = current_;
  }
  void register_(const json& c) {
    const unit& u = unit_of(c, "name");
    registered_[c["as"]] = u;
    if (u.instance) backend_.register_as(*u.instance, c["as"]);
  }
  unit& unit_of(const json& c, const char* key) { return c.contains(key) ? units_[c[key]] : current_; }

  // ---- actions

  using outcome = maybe<std::vector<value>>;

  // Nothing where it cannot be done, which has been counted then.
  std::optional<outcome> perform(const json& a) {
    const unit& u = unit_of(a, "module");
    if (!u.instance) return fail_or_skip(u.skipped), std::nullopt;
    if (const auto e = excuses_.find(*u.instance); e != excuses_.end()) excuse_ = e->second;
    if (a["type"] == "get") return backend_.global(*u.instance, std::string(a["field"]));
    std::vector<value> arguments;
    for (const auto& j : a["args"]) {
      const auto v = read_value(j);
      if (!v) return fail("an argument of unknown type"), std::nullopt;
      arguments.push_back(*v);
    }
    return backend_.invoke(*u.instance, std::string(a["field"]), arguments);
  }

  // Of a plain action, only failing counts; in the random modules it has results that are not compared.
  void action(const json& c) {
    const bool asserted = c["type"] == "assert_return";
    if (!asserted && unit_of(c["action"], "module").was_skipped()) return;
    const auto o = perform(c["action"]);
    if (!o) return;
    if (const auto* f = std::get_if<lightbeam::failure>(&*o)) return fail("fails: " + f->text());
    if (!asserted) return;
    const auto& got = std::get<std::vector<value>>(*o);
    check(agree(c["expected"], got, options_.quietened), "expected " + c["expected"].dump() + ", got " + text(got));
  }
  void assert_trap(const json& c) {
    if (const auto o = perform(c["action"])) check_trap(c, std::get_if<lightbeam::failure>(&*o));
  }
  void assert_exception(const json& c) {
    if (perform(c["action"])) fail("exceptions are not supported");
  }
  void check_trap(const json& c, const lightbeam::failure* f) {
    if (!f) return fail("does not trap: " + std::string(c["text"]));
    if (f->kind() != failure_kind::trap) return fail("is no trap: " + f->text());
    check(same_trap(std::string(c["text"]), text(f->code())), "expected \"" + std::string(c["text"]) + "\", got \"" + f->text() + "\"");
  }
  // Either text may go on where the other ends. "table" is any trap of tables.
  static bool same_trap(std::string_view wanted, std::string_view got) {
    if (wanted == "table") return got == text(lightbeam::trap_code::table_out_of_bounds) || got == text(lightbeam::trap_code::undefined_element);
    return wanted.starts_with(got) || got.starts_with(wanted);
  }

  // ---- modules that must not work

  void assert_uninstantiable(const json& c) {
    const auto d = define(c);
    if (!d.module) excuse_imports(d);
    if (const auto made = instantiation(c)) check_trap(c, std::get_if<lightbeam::failure>(&*made));
  }
  void assert_unlinkable(const json& c) {
    const auto made = instantiation(c);
    if (!made) return;
    const auto* f = std::get_if<lightbeam::failure>(&*made);
    if (!f) return fail("links");
    check(f->kind() == failure_kind::link, "is no link failure: " + f->text());
  }
  std::optional<maybe<handle>> instantiation(const json& c) {
    const auto d = define(c);
    if (!d.module && d.skipped.empty()) return {};  // counted as failed
    if (!d.module) return skip(d.skipped), std::nullopt;
    if (!backend_.runs()) return skip("not run"), std::nullopt;
    if (auto skipped = skipped_import(d); !skipped.empty()) return skip(skipped), std::nullopt;
    return backend_.instantiate(*d.module);
  }

  void assert_rejected(const json& c) {
    if (c.contains("valid_with") && missing(c["valid_with"]).empty()) return skip("valid with " + c["valid_with"].dump());
    const auto compiled = backend_.compile(bytes(c));
    const auto* f = std::get_if<lightbeam::failure>(&compiled);
    if (!f) return fail("is accepted: " + std::string(c["text"]));
    const auto wanted = c["type"] == "assert_invalid" ? failure_kind::invalid : failure_kind::malformed;
    const bool kind = f->kind() == wanted || f->kind() == failure_kind::unsupported;
    const bool rejection = kind || f->kind() == failure_kind::invalid || f->kind() == failure_kind::malformed || f->kind() == failure_kind::limit;
    check(kind || (rejection && !options_.kinds_agree), "expected \"" + std::string(c["text"]) + "\", got \"" + f->text() + "\"");
  }
  // A custom section that cannot be read is ignored.
  void assert_custom(const json& c) {
    const auto compiled = backend_.compile(bytes(c));
    const auto* f = std::get_if<lightbeam::failure>(&compiled);
    check(!f, f ? "is rejected: " + f->text() : "");
  }

  void assert_memory(const json& c) {
    if (!current_.instance) return fail_or_skip(current_.skipped);
    const auto got = backend_.memory(*current_.instance, std::string(c["field"]));
    const auto* bytes = std::get_if<std::span<const std::uint8_t>>(&got);
    if (!bytes) return fail(std::get<lightbeam::failure>(got).text());
    char hash[17];
    std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(fnv1a(*bytes)));
    check(bytes->size() == c["bytes"] && c["fnv1a64"] == hash, "memory of " + std::to_string(bytes->size()) + " bytes with hash " + hash);
  }
  // Of the bytes without trailing zeros.
  static std::uint64_t fnv1a(std::span<const std::uint8_t> bytes) {
    std::size_t size = bytes.size();
    while (size && bytes[size - 1] == 0) --size;
    std::uint64_t hash = 0xcbf29ce484222325;
    for (const auto b : bytes.first(size)) hash = (hash ^ b) * 0x100000001b3;
    return hash;
  }

  backend& backend_;
  fs::path file_;
  std::string name_;
  script_options options_;
  tally tally_;
  int line_ = 0;
  unit current_{{}, {}};
  definition last_definition_;
  std::map<std::string, unit> units_, registered_;
  std::map<std::string, definition> definitions_, defined_;  // by name, by file
  std::map<handle, std::string> excuses_;                     // by instance: the feature that a module importing from it lacks
  std::string excuse_;                                        // of the current command
};

}  // namespace suite
