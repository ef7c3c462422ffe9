#pragma once

#include "image.hpp"

namespace lightbeam::inline LIGHTBEAM_ABI {

// A compiled module: a counted reference to its image. Copies are cheap; may be used by many threads and stores at a time.
class module {
 public:
  explicit module(const module_image* image) : image_(image) {}

  // What it needs and what it offers, in the order of the binary.
  std::span<const import_entry> imports() const { return image_->info.imports; }
  std::span<const export_entry> exports() const { return image_->info.exports; }
  // The export of this name; null if there is none.
  const export_entry* find_export(std::string_view name) const {
    for (const auto& e : exports())
      if (e.name == name) return &e;
    return nullptr;
  }
  // The type of a function, imports counted first.
  const function_type& function(std::uint32_t index) const { return image_->info.type_of(index); }
  const module_info& info() const { return image_->info; }
  const module_image& image() const { return *image_; }

 private:
  ref<const module_image> image_;
};

}  // namespace lightbeam::inline LIGHTBEAM_ABI
