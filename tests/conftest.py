"""What tests of several folders share."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.browser"]

# How long an example takes says more about who else uses the machine than about the code.
settings.register_profile("thinkaloud", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("thinkaloud")
