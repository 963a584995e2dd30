#pragma once

#include <string>

#include "bridge/carrier/base_url.hpp"
#include "bridge/http/client.hpp"

namespace runner {

// Where the program tells somebody something of its own accord. May hold a secret, so that it is
// quoted nowhere.
struct OutwardUrl {
  bridge::carrier::BaseUrl base{};
  std::string path{"/"};  // with its query
};

// https://host/path or http://host:port/path. Throws std::invalid_argument, which names the setting
// (`name`) and not the URL.
OutwardUrl read_outward_url(const std::string& url, const std::string& name);

// Whether somebody on the way could read what is sent there.
bool goes_in_clear(const bridge::carrier::BaseUrl& url);

// A client for one question at a time. `tls`: for https, outlives the client; throws
// std::logic_error where it is needed and null.
bridge::http::Client::Options outward_client(const OutwardUrl& url,
                                             bridge::tls::ClientContext* tls);

}  // namespace runner
