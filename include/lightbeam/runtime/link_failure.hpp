#pragma once

#include "../core/error.hpp"
#include <utility>

namespace lightbeam::inline LIGHTBEAM_ABI {

// The text of a link failure, which says more than numbers can.
class link_text final : public failure_source {
 public:
  explicit link_text(std::string text) : text_(std::move(text)) {}
  std::string message() const override { return text_; }

 private:
  std::string text_;
};

inline failure link_failure(const char* what, std::string_view text) { return failure(failure_kind::link, what).from(new link_text(printable(text))); }

}  // namespace lightbeam::inline LIGHTBEAM_ABI
