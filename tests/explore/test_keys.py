import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.explore.keys import TABLES, whole_keys


def test_a_key_is_known_by_its_last_part() -> None:
    known = whole_keys("squeezenet")
    assert known["SR"] == "network.SR" and known["weight_bits"] == "quantization.weight_bits"
    assert {key.split(".")[0] for key in known.values()} == set(TABLES)
    with pytest.raises(UserError, match="did you mean 'squeezenet'"):
        whole_keys("squeezenett")
