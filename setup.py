"""What pyproject.toml cannot say: the kernels' sources are installed beside the library."""

from setuptools import find_packages, setup

HLS = {"nibblestream.hls": "hls"}  # backend "csim" compiles them where it runs

setup(
    packages=[*find_packages("host"), *HLS],
    package_dir={"": "host", **HLS},
)
