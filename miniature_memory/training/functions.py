"""Three functions with hand-written gradients.

On a CPU a small model spends as long on passes over memory as on matrix products, and autograd
makes many passes: RMSNorm alone takes some twelve, forward and backward. Written out they are
five. Each function has its plain formula in its docstring; the tests hold it to that.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function

EPSILON = 1e-6


def _scale(x: Tensor) -> Tensor:
    """1 / sqrt(mean(x²) + ε) over the last dimension, kept: [..., 1]."""
    norm = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)
    scale: Tensor = norm.square_().div_(x.shape[-1]).add_(EPSILON).rsqrt_()
    return scale.to(x.dtype)


def _norm_gradient(gradient: Tensor, y: Tensor, scale: Tensor) -> Tensor:
    """Gradient at x of y = x·scale(x): scale · (g − y · mean(g·y)). Overwrites nothing of its inputs."""
    along = (gradient * y).mean(-1, keepdim=True)
    return torch.addcmul(gradient, y, along, value=-1).mul_(scale)


class _Norm(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        scale = _scale(x)
        y = x * scale
        ctx.save_for_backward(y, scale)
        return y

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        y, scale = ctx.saved_tensors
        return _norm_gradient(gradient, y, scale)


def norm(x: Tensor) -> Tensor:
    """RMSNorm with a gain of one: x · rsqrt(mean(x²) + ε) over the last dimension."""
    return _Norm.apply(x)  # type: ignore[no-any-return, no-untyped-call]


class _NormRope(Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, cosine: Tensor, sine: Tensor, gain: float) -> Tensor:
        scale = _scale(x)
        y = x * scale
        ctx.save_for_backward(y, scale, cosine, sine)
        ctx.gain = gain
        return _rotate(y, cosine * gain, sine * gain)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None, None]:
        y, scale, cosine, sine = ctx.saved_tensors
        # a rotation's gradient is the rotation back
        back = _rotate(gradient, cosine * ctx.gain, sine * -ctx.gain)
        return _norm_gradient(back, y, scale), None, None, None


def _rotate(x: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Rotates the pairs (i, i + half) of the last dimension of x [B, T, H, d]; cosine, sine [T, 1, half]."""
    half = x.shape[-1] // 2
    a, b = x[..., :half], x[..., half:]
    out = torch.empty(x.shape, dtype=x.dtype, device=x.device)
    torch.mul(a, cosine, out=out[..., :half]).addcmul_(b, sine, value=-1)
    torch.mul(b, cosine, out=out[..., half:]).addcmul_(a, sine)
    return out


def norm_rope(x: Tensor, cosine: Tensor, sine: Tensor, gain: float) -> Tensor:
    """RMSNorm over the head dimension times ``gain``, then RoPE as Hugging Face rotates (halves).

    x [B, T, H, d]; cosine, sine [T, 1, d/2]. Plainly: y = norm(x)·gain;
    (y₁·cos − y₂·sin, y₂·cos + y₁·sin) for the halves y₁, y₂.
    """
    return _NormRope.apply(x, cosine, sine, gain)  # type: ignore[no-any-return, no-untyped-call]


class _SwiGLU(Function):
    @staticmethod
    def forward(ctx: Any, both: Tensor) -> Tensor:
        ctx.save_for_backward(both)
        gate, up = both.chunk(2, dim=-1)
        return torch.nn.functional.silu(gate).mul_(up)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        (both,) = ctx.saved_tensors
        out = torch.empty_like(both)
        (gate, up), (d_gate, d_up) = both.chunk(2, dim=-1), out.chunk(2, dim=-1)
        torch.mul(torch.nn.functional.silu(gate), gradient, out=d_up)
        torch.ops.aten.silu_backward.grad_input(gradient * up, gate, grad_input=d_gate)
        return out


def swiglu(both: Tensor) -> Tensor:
    """silu(gate) · up for the halves gate, up of the last dimension, remembering only its input."""
    return _SwiGLU.apply(both)  # type: ignore[no-any-return, no-untyped-call]
