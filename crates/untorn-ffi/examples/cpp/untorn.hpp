// untorn for C++17: handles that close themselves, errors as exceptions, callbacks that may throw.
#ifndef UNTORN_HPP
#define UNTORN_HPP

#include <cstdint>
#include <exception>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "untorn.h"

namespace untorn {

/// What a call failed of: `status` is one of UNTORN_..., `json` the details, as docs/json.md describes `error`.
class Error : public std::runtime_error {
public:
    Error(std::int32_t status, std::string json) : std::runtime_error(json), status(status), json(std::move(json)) {}
    std::int32_t status;
    std::string json;
};

/// What a call may be told. Any member may stay as it is.
struct Options {
    std::uint32_t flags = 0;
    std::uint32_t jobs = 0;
    std::uint32_t extent = UNTORN_EXTENT_COMMIT;
    std::function<void(std::uint32_t phase, std::uint64_t done, std::uint64_t total)> progress;
    std::function<bool()> should_stop;
    std::string root;
    std::vector<std::string> sources;
    std::string channel;
    std::string platform;
};

namespace detail {

/// The choices as C has them, and what a callback threw: that waits here, because it may not pass through the library.
class Call {
public:
    explicit Call(const Options &options) : options_(options) {
        for (const auto &source : options.sources)
            views_.push_back({source.data(), source.size()});
        raw_.struct_size = sizeof raw_;
        raw_.flags = options.flags, raw_.jobs = options.jobs, raw_.extent = options.extent;
        raw_.progress = options.progress ? &Call::on_progress : nullptr;
        raw_.should_stop = &Call::on_should_stop;
        raw_.user = this;
        raw_.root = reinterpret_cast<const std::uint8_t *>(options.root.data()), raw_.root_len = options.root.size();
        raw_.sources = views_.data(), raw_.sources_len = views_.size();
        raw_.channel = {options.channel.data(), options.channel.size()};
        raw_.platform = {options.platform.data(), options.platform.size()};
    }
    Call(const Call &) = delete;
    Call &operator=(const Call &) = delete;

    const untorn_options *raw() const { return &raw_; }

    void rethrow() {
        if (thrown_)
            std::rethrow_exception(std::exchange(thrown_, nullptr));
    }

private:
    static void on_progress(void *user, std::uint32_t phase, std::uint64_t done, std::uint64_t total) noexcept {
        auto &call = *static_cast<Call *>(user);
        try {
            call.options_.progress(phase, done, total);
        } catch (...) {
            call.thrown_ = std::current_exception();
        }
    }

    static std::int32_t on_should_stop(void *user) noexcept {
        auto &call = *static_cast<Call *>(user);
        try {
            return call.thrown_ || (call.options_.should_stop && call.options_.should_stop());
        } catch (...) {
            call.thrown_ = std::current_exception();
            return 1;
        }
    }

    const Options &options_;
    std::vector<untorn_view> views_;
    untorn_options raw_{};
    std::exception_ptr thrown_;
};

/// The answer of a call; throws what it failed of. `also` is no error either.
template <typename F> std::string call(F function, std::int32_t also = UNTORN_OK) {
    untorn_text answer{};
    const std::int32_t status = function(&answer);
    std::string text(answer.data ? answer.data : "", answer.len);
    untorn_free(&answer);
    if (status != UNTORN_OK && status != also)
        throw Error(status, std::move(text));
    return text;
}

/// The same with options: what a callback threw goes before what the call failed of.
template <typename F> std::string call(const Options &options, F function, std::int32_t also = UNTORN_OK) {
    Call choices(options);
    try {
        auto answer = call([&](untorn_text *answer) { return function(choices.raw(), answer); }, also);
        choices.rethrow();
        return answer;
    } catch (const Error &) {
        choices.rethrow();
        throw;
    }
}

} // namespace detail

/// An open tree. Closes itself; not committed changes are gone then.
class Tree {
public:
    explicit Tree(std::string_view dir, const Options &options = {}) {
        answer_ = detail::call(options, [&](auto *raw, auto *answer) { return untorn_open(dir.data(), dir.size(), raw, &tree_, answer); });
    }
    Tree(Tree &&other) noexcept : tree_(std::exchange(other.tree_, 0)), answer_(std::move(other.answer_)) {}
    Tree &operator=(Tree &&other) noexcept {
        std::swap(tree_, other.tree_), std::swap(answer_, other.answer_);
        return *this;
    }
    ~Tree() { untorn_close(tree_, nullptr); }

    /// What opening found: JSON, as `recover` in docs/json.md.
    const std::string &recovery() const { return answer_; }

private:
    friend class Transaction;
    untorn_tree tree_ = 0;
    std::string answer_;
};

/// A set of changes. Given up when it goes out of scope without having been committed.
class Transaction {
public:
    explicit Transaction(Tree &tree, Options options = {}) : tree_(tree.tree_), options_(std::move(options)), call_(options_) {
        detail::call([&](auto *answer) { return untorn_begin(tree_, call_.raw(), answer); });
    }
    Transaction(const Transaction &) = delete;
    Transaction &operator=(const Transaction &) = delete;
    ~Transaction() {
        if (!done_)
            untorn_discard(tree_, nullptr);
    }

    void write_at(std::string_view path, std::uint64_t offset, std::string_view data) {
        change([&](auto *answer) { return untorn_write_at(tree_, path.data(), path.size(), offset, bytes(data), data.size(), answer); });
    }
    void replace(std::string_view path, std::string_view data) {
        change([&](auto *answer) { return untorn_replace(tree_, path.data(), path.size(), bytes(data), data.size(), answer); });
    }
    void set_len(std::string_view path, std::uint64_t len) {
        change([&](auto *answer) { return untorn_set_len(tree_, path.data(), path.size(), len, answer); });
    }
    void remove(std::string_view path) {
        change([&](auto *answer) { return untorn_remove(tree_, path.data(), path.size(), answer); });
    }
    void rename(std::string_view from, std::string_view to) {
        change([&](auto *answer) { return untorn_rename(tree_, from.data(), from.size(), to.data(), to.size(), answer); });
    }

    /// After this returns, all of it is done, and durable.
    std::string commit() {
        done_ = true;
        return change([&](auto *answer) { return untorn_commit(tree_, answer); });
    }

private:
    static const std::uint8_t *bytes(std::string_view data) { return reinterpret_cast<const std::uint8_t *>(data.data()); }

    template <typename F> std::string change(F function) {
        try {
            auto answer = detail::call(function);
            call_.rethrow();
            return answer;
        } catch (const Error &) {
            call_.rethrow();
            throw;
        }
    }

    untorn_tree tree_;
    Options options_;
    detail::Call call_;
    bool done_ = false;
};

/// Holds a tree while a game runs.
class Guard {
public:
    explicit Guard(std::string_view dir) {
        detail::call([&](auto *answer) { return untorn_hold(dir.data(), dir.size(), nullptr, &guard_, answer); });
    }
    Guard(Guard &&other) noexcept : guard_(std::exchange(other.guard_, 0)) {}
    Guard &operator=(Guard &&other) noexcept {
        std::swap(guard_, other.guard_);
        return *this;
    }
    ~Guard() { untorn_release(guard_, nullptr); }

private:
    untorn_guard guard_ = 0;
};

inline std::string status(std::string_view dir) {
    return detail::call([&](auto *answer) { return untorn_status(dir.data(), dir.size(), answer); });
}
inline std::string apply(std::string_view dir, std::string_view patch, const Options &options = {}) {
    return detail::call(options, [&](auto *raw, auto *answer) {
        return untorn_apply(dir.data(), dir.size(), patch.data(), patch.size(), raw, answer);
    });
}
/// Damage is an answer, not an error: see `intact`.
inline std::string verify(std::string_view dir, const Options &options = {}) {
    return detail::call(options, [&](auto *raw, auto *answer) { return untorn_verify(dir.data(), dir.size(), raw, answer); }, UNTORN_DAMAGE);
}
inline std::string repair(std::string_view dir, const Options &options = {}) {
    return detail::call(options, [&](auto *raw, auto *answer) { return untorn_repair(dir.data(), dir.size(), raw, answer); });
}
inline std::string update(std::string_view dir, const Options &options = {}) {
    return detail::call(options, [&](auto *raw, auto *answer) { return untorn_update(dir.data(), dir.size(), raw, answer); });
}
inline std::string roll_back(std::string_view dir, const Options &options = {}) {
    return detail::call(options, [&](auto *raw, auto *answer) { return untorn_roll_back(dir.data(), dir.size(), raw, answer); });
}

} // namespace untorn

#endif
