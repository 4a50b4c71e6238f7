// Installs a game from a store of releases, is stopped, changes a file of it, repairs that, and goes back.
//
//     c++ -std=c++17 update.cpp -I. -I../../include -luntorn_ffi -o update && ./update STORE ROOT GAME
#include <cstdio>
#include <fstream>
#include <iostream>
#include <iterator>

#include "untorn.hpp"

static std::string read(const char *path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

static bool has(const std::string &text, const char *what) { return text.find(what) != std::string::npos; }

static int run(const char *store, const char *root, const char *game) {
    untorn::Options options;
    options.sources = {store};
    options.root = read(root);

    // What a callback throws comes out of the call; the tree is as it was.
    auto throwing = options;
    throwing.progress = [](auto, auto, auto) { throw std::logic_error("from a callback"); };
    try {
        untorn::update(game, throwing);
        return 1;
    } catch (const std::logic_error &error) {
        if (!has(error.what(), "from a callback"))
            throw;
    }
    auto stopped = options;
    stopped.should_stop = [] { return true; };
    try {
        untorn::update(game, stopped);
        return 2;
    } catch (const untorn::Error &error) {
        if (error.status != UNTORN_STOPPED)
            throw;
    }

    unsigned calls = 0;
    options.progress = [&](auto, auto, auto) { ++calls; };
    if (!has(untorn::update(game, options), "\"outcome\":\"updated\"") || calls == 0)
        return 3;
    {
        untorn::Guard running(game); // the game runs
        untorn::Tree tree(game);
        untorn::Transaction changes(tree);
        changes.replace("readme.txt", "damaged");
        try {
            changes.commit();
            return 4;
        } catch (const untorn::Error &error) {
            if (error.status != UNTORN_BUSY)
                throw;
        }
    }
    {
        untorn::Tree tree(game);
        untorn::Transaction changes(tree);
        changes.replace("readme.txt", "damaged");
        changes.write_at("saves/one", 3, "level");
        changes.commit();
        untorn::Transaction given_up(tree);
        given_up.remove("saves/one");
    }
    if (!has(untorn::verify(game), "\"intact\":false"))
        return 5;
    if (!has(untorn::repair(game), "\"outcome\":\"repaired\"") || !has(untorn::verify(game), "\"intact\":true"))
        return 6;
    if (!has(untorn::update(game), "\"outcome\":\"up-to-date\""))
        return 7;
    std::cout << untorn::status(game) << "\n";
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 4)
        return 64;
    try {
        return run(argv[1], argv[2], argv[3]);
    } catch (const std::exception &error) {
        std::cerr << error.what() << "\n";
        return 65;
    }
}
