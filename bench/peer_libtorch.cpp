// SPDX-License-Identifier: MIT
/* LibTorch scoring one row at a time with a dense autoencoder, without Python in the way.
 *
 *     peer_libtorch --task row --sizes 784,32,784 [--threads N]
 *
 * Prints a line of JSON: median and 99th percentile in microseconds of a call that ends in
 * the row's mean squared error as a number, of the faster of one thread and N.           */
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <string>
#include <torch/torch.h>
#include <vector>

static torch::nn::Sequential dense_net(const std::vector<int64_t> &sizes)
{
    torch::nn::Sequential net;
    for (size_t i = 0; i + 1 < sizes.size(); i++) {
        net->push_back(torch::nn::Linear(sizes[i], sizes[i + 1]));
        if (i + 2 < sizes.size())
            net->push_back(torch::nn::ReLU(torch::nn::ReLUOptions(true)));
    }
    return net;
}

static std::vector<double> measure(torch::nn::Sequential &net, const torch::Tensor &x)
{
    std::vector<double> times;
    const int calls = 8000;
    for (int i = 0; i < calls; i++) {
        auto began = std::chrono::steady_clock::now();
        volatile float score = (net->forward(x) - x).square_().mean().item<float>();
        (void)score;
        std::chrono::duration<double, std::micro> took =
            std::chrono::steady_clock::now() - began;
        if (i >= calls / 4) times.push_back(took.count());
    }
    std::sort(times.begin(), times.end());
    return times;
}

int main(int argc, char **argv)
{
    std::vector<int64_t> sizes;
    int threads = 2;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--threads") == 0) threads = std::stoi(argv[i + 1]);
        if (strcmp(argv[i], "--sizes") != 0) continue;
        std::stringstream words(argv[i + 1]);
        for (std::string word; std::getline(words, word, ',');)
            sizes.push_back(std::stoi(word));
    }
    if (sizes.size() < 2) {
        fputs("usage: peer_libtorch --task row --sizes 784,32,784 [--threads N]\n", stderr);
        return 2;
    }
    torch::InferenceMode guard;
    at::globalContext().setFlushDenormal(true);
    auto net = dense_net(sizes);
    auto x = torch::rand({1, sizes[0]});
    torch::set_num_threads(1);
    auto best = measure(net, x);
    torch::set_num_threads(threads);
    auto other = measure(net, x);
    if (other[other.size() / 2] < best[best.size() / 2]) best = other;
    printf("{\"p50_us\":%.2f,\"p99_us\":%.2f}\n", best[best.size() / 2],
           best[best.size() * 99 / 100]);
}
