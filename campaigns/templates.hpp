#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace campaigns {

// Puts values into {{name}} places. `value_of` gives the value of a name; a name without one leaves
// nothing (the check before the start has made sure that there is one). Values are data: braces in
// them are not looked at again, and control characters become blanks.
std::string render_template(std::string_view text,
                            const std::function<std::string_view(std::string_view)>& value_of);

// The names a template uses, in order, each once. Blanks inside the braces are allowed.
std::vector<std::string> names_in_template(std::string_view text);

// What is wrong with the braces of a template ("unclosed {{ at 12"), or empty.
std::string template_fault(std::string_view text);

}  // namespace campaigns
