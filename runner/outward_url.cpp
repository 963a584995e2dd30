#include "runner/outward_url.hpp"

#include <stdexcept>

#include "runner/listen_address.hpp"

namespace runner {

OutwardUrl read_outward_url(const std::string& url, const std::string& name) {
  if (!bridge::carrier::can_be_requested(url)) {
    throw std::invalid_argument(name +
                                " holds a blank, a line end, a # or a letter beyond ASCII: write "
                                "these as %20 and the like, and in the host as xn--…");
  }
  const auto scheme = url.find("://");
  const auto path = scheme == std::string::npos ? scheme : url.find('/', scheme + 3);
  try {
    OutwardUrl target{bridge::carrier::read_base_url(url.substr(0, path))};
    if (path != std::string::npos) target.path = url.substr(path);
    return target;
  } catch (const std::invalid_argument&) {
    throw std::invalid_argument(name + " must look like https://host/path");
  }
}

bool goes_in_clear(const bridge::carrier::BaseUrl& url) {
  return !url.secured && !is_loopback(bare_address(url.host));
}

bridge::http::Client::Options outward_client(const OutwardUrl& url,
                                             bridge::tls::ClientContext* tls) {
  bridge::http::Client::Options options;
  options.host = url.base.host;
  options.port = url.base.port;
  options.connections_max = 1;
  options.waiting_max = 1;
  options.response_bytes_max = 64 << 10;
  options.response_time_max = std::chrono::seconds{10};
  if (!url.base.secured) return options;
  if (tls == nullptr) throw std::logic_error("a URL of https needs somebody to trust");
  options.tls = tls;
  return options;
}

}  // namespace runner
