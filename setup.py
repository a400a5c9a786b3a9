"""What pyproject.toml cannot say: folders of the repository that are installed in the library."""

from setuptools import find_packages, setup

BESIDE = {
    "nibblestream.hls": "hls",  # backend "csim" compiles the kernels where it runs
    "nibblestream.notebooks": "notebooks",  # `pynq get-notebooks nibblestream` copies them
    "nibblestream.overlays": "overlays",  # bitstreams for `pynq`; the design of the virtual board
}

setup(
    packages=[*find_packages("host"), *BESIDE],
    package_dir={"": "host", **BESIDE},
)
