/* SPDX-License-Identifier: Apache-2.0 */
/* The same in C++17, as an owner of handles would write it. */
#include <edgeml.h>

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

namespace {
struct destroy {
    void operator()(em_model *model) const {
        em_model_destroy(model);
    }
};
} // namespace

int main() {
    const std::string version = std::to_string(EM_VERSION_MAJOR) + "." + std::to_string(EM_VERSION_MINOR) + "." +
                                std::to_string(EM_VERSION_PATCH);
    if (em_version() != version) return 1;

    constexpr std::string_view bytes = "no model";
    em_model_options options = EM_OPTIONS_INIT(em_model_options);
    options.borrow = true;
    em_error err{};
    em_model *loaded = nullptr;
    const em_status status = em_model_load_memory(bytes.data(), bytes.size(), &options, &loaded, &err);
    const std::unique_ptr<em_model, destroy> model(loaded);
    if (status != EM_ERR_FORMAT || err.message[0] == '\0' || model) return 1;
    std::printf("edgeml %s: %s\n", em_version(), err.message);
    return 0;
}
