#include "bridge/net/pool_job.hpp"

#include <uv.h>

#include <cassert>
#include <memory>
#include <utility>

#include "bridge/net/thread_priority.hpp"
#include "bridge/net/uv_access.hpp"

namespace bridge::net {

struct PoolJob::Block {
  uv_work_t request{};
  PoolJob* owner = nullptr;  // null: gone, and nothing more is told
  std::function<void()> work{};
  std::function<void()> done{};

  static void on_work(uv_work_t* request) noexcept {
    // The loops share the cores with the pool, and a crowd that connects is not to be heard.
    thread_local const bool gives_way = (give_way(), true);
    static_cast<void>(gives_way);
    static_cast<Block*>(request->data)->work();
  }
  static void on_done(uv_work_t* request, int) noexcept {
    const std::unique_ptr<Block> block(static_cast<Block*>(request->data));
    if (block->owner == nullptr) return;
    block->owner->block_ = nullptr;
    block->done();
  }
};

PoolJob::PoolJob(Loop& loop, std::function<void()> work, std::function<void()> done)
    : block_(new Block) {
  block_->request.data = block_;
  block_->owner = this;
  block_->work = std::move(work);
  block_->done = std::move(done);
  [[maybe_unused]] const int status =
      uv_queue_work(uv_loop_of(loop), &block_->request, Block::on_work, Block::on_done);
  assert(status == 0);
}

PoolJob::~PoolJob() {
  if (block_ == nullptr) return;
  block_->owner = nullptr;
  uv_cancel(reinterpret_cast<uv_req_t*>(&block_->request));
}

}  // namespace bridge::net
