"""A plugin of pytest: hypothesis without deadlines, and with fewer examples, for emulated CPUs."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "slow machine",
    database=None,
    deadline=None,
    max_examples=10,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("slow machine")
