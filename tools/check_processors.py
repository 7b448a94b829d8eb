"""Compare the notebooks' stored outputs with fresh runs on other processors, as far as this one can play them.

    python tools/check_processors.py [notebooks/02-softmax-and-cross-entropy.ipynb ...]

OpenBLAS is told to use the kernels of other processors, NumPy to leave out its widest instructions, and the run is held
to one core or given all: what prints the same digits in all of them will do so on a reader's machine. It prints one
line for each setting, and what differed below it. Many hours for the whole series on one machine: name a few notebooks.
"""

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KERNELS = {"Nehalem": "sse4_2", "Haswell": "avx2", "Zen": "avx2", "SkylakeX": "avx512f"}  # and what each needs
WIDE = "X86_V3 X86_V4 AVX512_ICL"


def settings():
    """Yield (words, environment, cores) for every setting that this machine can run."""
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    kernels = [kernel for kernel, flag in KERNELS.items() if flag in flags]
    for kernel, wide, cores in itertools.product(kernels, (True, False), (1, 2)):
        chosen = {"OPENBLAS_CORETYPE": kernel} | ({} if wide else {"NPY_DISABLE_CPU_FEATURES": WIDE})
        yield f"{kernel:9} {'wide  ' if wide else 'narrow'} {cores} core{'s' * (cores > 1)}", chosen, cores


def main(notebooks):
    """Run the matrix, and return how many settings differed."""
    differed = 0
    for words, chosen, cores in settings():
        command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *notebooks]
        hold = ["taskset", "-c", "0"] if cores == 1 else []
        run = subprocess.run(hold + command, cwd=ROOT, env=os.environ | chosen, capture_output=True, text=True)
        failed = re.findall(r"^FAILED (.*)$", run.stdout, re.MULTILINE)
        last = run.stdout.strip().splitlines()[-1] if run.stdout.strip() else run.stderr.strip()[-200:]
        print(f"{words}  {last}", *failed, sep="\n    ", flush=True)
        differed += run.returncode != 0
    return differed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or ["notebooks"]))
