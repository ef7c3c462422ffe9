#pragma once

#include "policies/policies.hpp"
#include <lightbeam/core/file.hpp>
#include <lightbeam/runtime.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace programs {

// What went wrong is printed and ends the test: these modules are known to work elsewhere.
[[noreturn]] inline void give_up(const std::string& text) {
  std::printf("FAILED: %s\n", text.c_str());
  std::exit(1);
}
template <class T>
T check(lightbeam::result<T> r, const std::string& what) {
  if (!r) give_up(what + ": " + r.error().text());
  if constexpr (!std::is_void_v<T>) return std::move(*r);
}

// A module and the store and instance that it runs in.
class embedding {
 public:
  embedding(const std::string& policy, const std::string& file) : module_(compile(policy, file)) {}

  lightbeam::linker linker;
  lightbeam::store store;

  const lightbeam::module& module() const { return module_; }
  lightbeam::memory_kind memory_kind() const { return module_.image().memory; }

  void instantiate() { instance_.emplace(check(linker.instantiate(store, module_), "instantiation")); }
  template <class R, class... A>
  R call(const std::string& name, A... arguments) {
    auto f = check(instance_->get<R(A...)>(name), name);
    return check<R>(f(arguments...), name);
  }
  lightbeam::instance& instance() { return *instance_; }
  void use_memory(lightbeam::memory m) { memory_.emplace(m); }
  lightbeam::memory memory() {
    if (!memory_) memory_.emplace(check(instance_->memory("memory"), "memory"));
    return *memory_;
  }
  void write(std::uint32_t address, std::string_view text) {
    const auto to = check(memory().part(address, text.size()), "write");
    std::memcpy(to.data(), text.data(), text.size());
  }
  std::string read(std::uint32_t address, std::uint32_t size) {
    const auto from = check(memory().part(address, size), "read");
    return {reinterpret_cast<const char*>(from.data()), from.size()};
  }
  std::string read_text(std::uint32_t address) {
    std::string s;
    while (const char c = check(memory().read<char>(address + std::uint32_t(s.size())), "text")) s += c;
    return s;
  }

 private:
  static lightbeam::module compile(const std::string& policy, const std::string& file) {
    const auto engine = policies::make_engine(policy);
    if (!engine) give_up("no policy is called " + policy);
    return check(engine->compile(check(lightbeam::read_file(file), file)), file);
  }

  lightbeam::module module_;
  std::optional<lightbeam::instance> instance_;
  std::optional<lightbeam::memory> memory_;
};

}  // namespace programs
