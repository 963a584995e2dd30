#include "bridge/net/resolver.hpp"

#include <netinet/in.h>
#include <uv.h>

#include <array>
#include <utility>

#include "bridge/net/uv_access.hpp"

namespace bridge::net {

struct Resolver::Block {
  uv_getaddrinfo_t request{};
  OnResolved on_resolved{};
  bool silent = false;

  void resolved(int status, const addrinfo* list) {
    std::vector<std::string> found;
    for (const addrinfo* entry = list; entry != nullptr; entry = entry->ai_next) {
      std::array<char, INET6_ADDRSTRLEN + 1> text{};
      if (uv_ip_name(entry->ai_addr, text.data(), text.size()) == 0)
        found.emplace_back(text.data());
    }
    std::error_code error{};
    if (status < 0 || found.empty()) error = std::make_error_code(std::errc::host_unreachable);
    on_resolved(error, std::move(found));
  }

  static void on_answer(uv_getaddrinfo_t* request, int status, addrinfo* list) noexcept {
    const std::unique_ptr<Block> block(static_cast<Block*>(request->data));
    if (!block->silent) block->resolved(status, list);
    uv_freeaddrinfo(list);
  }
};

Resolver::Resolver(Loop& loop, const std::string& name, OnResolved on_resolved)
    : block_(new Block) {
  block_->request.data = block_;
  block_->on_resolved = [this, call = std::move(on_resolved)](auto error, auto addresses) {
    block_ = nullptr;
    call(error, std::move(addresses));
  };
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  const int status = uv_getaddrinfo(uv_loop_of(loop), &block_->request, Block::on_answer,
                                    name.c_str(), nullptr, &hints);
  // A name that is too long. Told like any other, after the constructor.
  if (status < 0) {
    loop.call_at(loop.now(),
                 [block = block_, status] { Block::on_answer(&block->request, status, nullptr); });
  }
}

Resolver::~Resolver() {
  if (block_ == nullptr) return;
  block_->silent = true;
  uv_cancel(reinterpret_cast<uv_req_t*>(&block_->request));
}

}  // namespace bridge::net
