"""Checks of the exercises in notebook 10."""

import numpy as np

from .common import exercise


@exercise("10.1")
def _convolution_costs(convolution_costs):
    """Counted on an image: the weights one by one, the places where the window fits."""
    cases = ((28, 5, 2, 1, 16), (12, 5, 2, 16, 32), (7, 3, 1, 2, 4), (4, 4, 3, 3, 1), (11, 2, 3, 1, 2))
    for side, size, stride, channels, kernels in cases:
        found = convolution_costs(side, size, stride, channels, kernels)
        assert found is not None and len(found) == 2, "return two numbers: parameters, and products of one image"
        fits = sum(u + size <= side for u in range(0, side, stride)) ** 2
        weights = np.zeros((size, size, channels, kernels)).size
        case = f"convolution_costs{side, size, stride, channels, kernels}"
        assert found[0] != weights, f"{case}: each kernel has a bias, too"
        assert found[0] == weights + kernels, f"{case}: a kernel has weights for every channel, and one bias"
        assert found[1] != weights * side**2, f"{case}: a window does not fit at all {side}² places"
        assert found[1] == weights * fits, f"{case}: every weight meets one number at each of {fits} places"


@exercise("10.2")
def _kernel_gradient(kernel_gradient):
    """The cost sum(Z * dZ) is linear in W, so its gradient is a difference of costs, without error."""
    rng = np.random.default_rng(102)
    for n, side, size, kernels in ((2, 9, 3, 4), (1, 5, 2, 2), (3, 6, 6, 1), (2, 4, 1, 3)):
        places = side - size + 1
        images, dZ = rng.random((n, side, side)), rng.standard_normal((n, places, places, kernels))
        given = images.copy(), dZ.copy()
        found = kernel_gradient(images, dZ)
        assert found is not None, "return dW"
        assert np.shape(found) == (size, size, kernels), f"dW has shape {np.shape(found)}, not {(size, size, kernels)}"
        assert np.array_equal(images, given[0]) and np.array_equal(dZ, given[1]), "images and dZ must stay as they were"
        truth = np.zeros((size, size, kernels))
        for r, u, v in np.ndindex(n, places, places):
            truth += images[r, u : u + size, v : v + size, None] * dZ[r, u, v]
        assert not np.allclose(found * n, truth) or n == 1, "dZ holds 1/n already (eq. 2.17): sum over the images"
        flipped = np.allclose(found[::-1, ::-1], truth) and not np.allclose(found, truth)
        assert not flipped, "the window is not turned round in eq. 10.6: I[r, u + a, v + d]"
        assert np.allclose(found, truth), "not the gradient: sum over all images and all places"
