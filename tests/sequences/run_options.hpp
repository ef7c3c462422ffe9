#pragma once

// What programs take that run numbered random cases under a policy.

#include "../spec/backends.hpp"
#include "../spec/json_value.hpp"
#include <optional>
#include <string>
#include <string_view>

namespace sequences {

struct run_options {
  std::string policy = "guard_pages";
  suite::cpu_level cpu = suite::cpu_level::detected;
  std::uint64_t count = 0, seed = 1;
  std::optional<std::uint64_t> only;

  // Takes an option with its value, or says that it is none of these.
  bool take(std::string_view option, const std::string& value) {
    if (option == "--policy") policy = value;
    else if (option == "--count") count = suite::number(value);
    else if (option == "--seed") seed = suite::number(value);
    else if (option == "--only") only = suite::number(value);
    else if (option == "--cpu" && (value == "v1" || value == "detected")) cpu = value == "v1" ? suite::cpu_level::v1 : suite::cpu_level::detected;
    else return false;
    return true;
  }
};

}  // namespace sequences
