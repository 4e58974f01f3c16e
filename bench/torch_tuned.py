# SPDX-License-Identifier: MIT
"""Training steps as an expert writes them without leaving PyTorch.

Dense and variational nets: forward and backward by hand, into buffers that stay, without
autograd.  Convolution: autograd, channels_last, the gradient of sigmoid + BCE in closed
form.  TopK: only the k chosen units take part in decoding and in both weight gradients.
Everywhere parameters, gradients and moments lie in one flat buffer each and Adam works in
place, and the loss is computed in every step, because hourglass computes it, too."""
import torch
from torch import nn
from torch.nn import functional


class FlatAdam:
    """Adam over one flat buffer, whatever the number of tensors."""

    def __init__(self, parameters, lr=1e-3):
        parameters = list(parameters)
        n = sum(p.numel() for p in parameters)
        self.theta, self.grad, self.m, self.v = (torch.zeros(n) for _ in range(4))
        self.lr, self.t = lr, 0
        at = 0
        for p in parameters:
            end = at + p.numel()
            # A weight that is channels_last stays it: its strides lie inside the slice.
            old, stride = p.data, p.data.stride()
            p.data = self.theta[at:end].as_strided(old.shape, stride, at).copy_(old)
            p.grad = self.grad[at:end].as_strided(old.shape, stride, at)
            at = end

    @torch.no_grad()
    def step(self):
        self.t += 1
        bias1, bias2 = 1 - 0.9**self.t, (1 - 0.999**self.t) ** 0.5
        self.m.lerp_(self.grad, 0.1)
        self.v.mul_(0.999).addcmul_(self.grad, self.grad, value=0.001)
        torch.sqrt(self.v, out=self.grad)
        self.grad.add_(1e-7 * bias2)
        self.theta.addcdiv_(self.m, self.grad, value=-self.lr * bias2 / bias1)


def bce(z, x, grad, scratch, scale):
    """scale times the summed BCE of p = sigmoid(z) against x; scale (p - x) into grad.

    BCE = softplus(z) - x z, and softplus(z) = -log(1 - p): one log is the cheapest way;
    the clamp is the one of Keras."""
    p = torch.sigmoid(z, out=grad)
    logs = torch.neg(p, out=scratch).add_(1.0).clamp_(min=1e-7).log_()
    value = logs.sum().add_(torch.dot(x.reshape(-1), z.reshape(-1))).mul_(-scale)
    grad.sub_(x).mul_(scale)
    return value


class Stack:
    """Dense layers with ReLU between them, forward and backward, for up to `batch` rows."""

    def __init__(self, layers, batch):
        self.layers = layers
        widths = [layers[0].in_features] + [layer.out_features for layer in layers]
        self.full_y = [torch.empty(batch, width) for width in widths]
        self.full_g = [torch.empty(batch, width) for width in widths]
        self.take(batch)

    def take(self, rows):
        self.y, self.g = ([t[:rows] for t in full] for full in (self.full_y, self.full_g))

    def forward(self, x):
        """x [n, inputs], usually y[0]; the result is y[-1]."""
        self.x = x
        for i, layer in enumerate(self.layers):
            torch.addmm(layer.bias, x, layer.weight.t(), out=self.y[i + 1])
            x = self.y[i + 1]
            if i + 1 < len(self.layers):
                x.relu_()

    def backward(self, to_input=False, added=None):
        """From g[-1], which the caller has set; added = (i, value) is added to g[i]."""
        for i in range(len(self.layers) - 1, -1, -1):
            layer, y, g = self.layers[i], self.y[i] if i else self.x, self.g[i + 1]
            torch.mm(g.t(), y, out=layer.weight.grad)
            torch.sum(g, 0, out=layer.bias.grad)
            if i == 0 and not to_input:
                return
            torch.mm(g, layer.weight, out=self.g[i])
            if added and added[0] == i:
                self.g[i].add_(added[1])
            if i:
                torch.ops.aten.threshold_backward.grad_input(self.g[i], y, 0,
                                                             grad_input=self.g[i])


def linears(net):
    return [layer for layer in net.modules() if isinstance(layer, nn.Linear)]


class TunedDense:
    def __init__(self, work):
        self.work, self.adam = work, FlatAdam(work.net.parameters())
        self.stack = Stack(linears(work.net), work.batch)
        self.scratch = torch.empty(work.batch, work.rows.shape[1])
        self.clean = torch.empty_like(self.scratch)
        self.code = len(linears(work.net.encoder))

    @torch.no_grad()
    def step(self, chosen):
        work, stack, n = self.work, self.stack, len(chosen)
        stack.take(n)
        x = torch.index_select(work.rows, 0, chosen, out=self.clean[:n])
        stack.forward(work.corrupt(x, out=stack.y[0]))
        z, g = stack.y[-1], stack.g[-1]
        if work.kind == "mse":
            torch.sub(z, x, out=g)
            value = torch.dot(g.view(-1), g.view(-1)).mul_(1.0 / x.numel())
            g.mul_(2.0 / x.numel())
        else:
            value = bce(z, x, g, self.scratch[:n], 1.0 / x.numel())
        if work.l1:  # the code is not negative: its absolute value is itself
            value += stack.y[self.code].sum().mul_(work.l1 / n)
        stack.backward(added=(self.code, work.l1 / n) if work.l1 else None)
        self.adam.step()
        return value


class TunedVariational:
    def __init__(self, work):
        self.work, self.adam = work, FlatAdam(work.net.parameters())
        self.encoder = Stack(linears(work.net.encoder) + [work.net.head], work.batch)
        self.decoder = Stack(linears(work.net.decoder), work.batch)
        self.scratch = torch.empty(work.batch, work.rows.shape[1])

    @torch.no_grad()
    def step(self, chosen):
        encoder, decoder, n = self.encoder, self.decoder, len(chosen)
        encoder.take(n)
        decoder.take(n)
        x = torch.index_select(self.work.rows, 0, chosen, out=encoder.y[0])
        encoder.forward(x)
        mean, logvar = encoder.y[-1].chunk(2, dim=1)
        spread = torch.exp(0.5 * logvar)
        noise = torch.randn_like(spread)
        decoder.forward(torch.addcmul(mean, noise, spread, out=decoder.y[0]))
        value = bce(decoder.y[-1], x, decoder.g[-1], self.scratch[:n], 1.0 / n)
        variance = spread.square()
        value -= (1 + logvar - mean.square() - variance).sum().mul_(0.5 / n)
        decoder.backward(to_input=True)
        to_mean, to_logvar = encoder.g[-1].chunk(2, dim=1)
        torch.add(decoder.g[0], mean, alpha=1.0 / n, out=to_mean)
        torch.mul(decoder.g[0], noise.mul_(spread).mul_(0.5), out=to_logvar)
        to_logvar.add_(variance.sub_(1.0), alpha=0.5 / n)
        encoder.backward()
        self.adam.step()
        return value


class ClosedBce(torch.autograd.Function):
    """Mean BCE on logits with its value; the gradient is the one that forward has left."""

    @staticmethod
    def forward(ctx, z, x):
        grad = torch.empty_like(z)
        value = bce(z, x, grad, torch.empty_like(z), 1.0 / x.numel())
        ctx.save_for_backward(grad)
        return value

    @staticmethod
    def backward(ctx, _):
        return ctx.saved_tensors[0], None


class TunedConv:
    def __init__(self, work):
        work.net.to(memory_format=torch.channels_last)
        self.work, self.adam = work, FlatAdam(work.net.parameters())

    def step(self, chosen):
        x = self.work.rows[chosen]
        self.adam.grad.zero_()
        loss = ClosedBce.apply(self.work.net(self.work.corrupt(x))[0], x)
        loss.backward()
        self.adam.step()
        return loss.detach()


class TunedTopK:
    """Weight gradients are sums of rows per unit: a product with a sparse [units, n] matrix,
    whose rows come from sorting the chosen units."""

    def __init__(self, work):
        self.work, self.net = work, work.net
        self.adam = FlatAdam(work.net.parameters())
        self.before = torch.empty(work.batch, work.net.encoder.shape[0])

    @torch.no_grad()
    def step(self, chosen):
        net, n = self.net, len(chosen)
        x = self.work.rows[chosen]
        before = torch.addmm(net.encoder_bias, x, net.encoder.t(), out=self.before[:n])
        values, units = before.topk(net.k, dim=1, sorted=False)
        values.relu_()
        g = functional.embedding_bag(units, net.decoder, per_sample_weights=values,
                                     mode="sum")
        g.add_(net.decoder_bias).sub_(x)
        value = torch.dot(g.view(-1), g.view(-1)).mul_(1.0 / x.numel())
        g.mul_(2.0 / x.numel())
        to_values = torch.empty_like(values)
        for at in range(0, n, 256):  # in blocks: the gathered rows stay in cache
            block = slice(at, min(at + 256, n))
            torch.bmm(net.decoder[units[block]], g[block].unsqueeze(2),
                      out=to_values[block].unsqueeze(2))
        to_values.mul_(values > 0)
        self.weights(units, values, to_values, x, g)
        self.adam.step()
        return value

    def weights(self, units, values, to_values, x, g):
        net, n = self.net, len(x)
        count = net.encoder.shape[0]
        flat = units.reshape(-1)
        order = torch.sort(flat, stable=True)[1]
        rows = torch.div(order, net.k, rounding_mode="floor")
        starts = torch.zeros(count + 1, dtype=torch.int64)
        starts[1:] = torch.bincount(flat, minlength=count).cumsum(0)
        for weight, factors, source in ((net.encoder, to_values, x), (net.decoder, values, g)):
            sparse = torch.sparse_csr_tensor(starts, rows, factors.reshape(-1)[order],
                                             (count, n))
            weight.grad.copy_(sparse @ source)
        net.encoder_bias.grad.zero_().index_add_(0, flat, to_values.reshape(-1))
        torch.sum(g, 0, out=net.decoder_bias.grad)


TUNED = {"DenseNet": TunedDense, "Variational": TunedVariational, "ConvNet": TunedConv,
         "TopK": TunedTopK}


def tuned(work):
    return TUNED[type(work.net).__name__](work)
