"""My Pages against the simulated alarm: the contract, two hosts, logins, limits, codes and open windows."""

import pytest

from tests.clouds.contract import DAY, PERIMETER, CloudContract
from tests.support.fakes_mypages import SimulatedMyPages

pytestmark = pytest.mark.sampled


@pytest.fixture
def world() -> SimulatedMyPages:
    return SimulatedMyPages()


class TestContract(CloudContract):
    """My Pages keeps the contract."""

    cloud = "mypages"
    lacks = (DAY, PERIMETER)
    refused_submissions = 0
