"""Which layers share a quantizer, and what is quantized again."""

import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.lower.problems import Problems
from hwcodesign.nets.network import Add, AvgPool, Concat, Conv, GlobalAvgPool, Network
from hwcodesign.quantize.quantizer_places import placed


def nodes(*draft):
    problems = Problems()
    made = placed(Network("n", (8, 8, 4), 4, draft), problems)
    problems.raise_any("file")
    return {node.name: node for node in made}


def test_a_sum_of_its_own_inputs_needs_nothing_more():
    made = nodes(Conv("a", "input", 4), Conv("b", "input", 4), Add("c", ("a", "b"), ""), Conv("d", "c", 4, relu=False))
    assert made["a"].quantizer == made["b"].quantizer == "a.quantizer" and made["c"].quantizer == "c.quantizer"
    assert made["d"].quantizer is None and list(made) == ["a", "b", "c", "d"]


def test_what_is_read_elsewhere_is_quantized_again():
    made = nodes(Conv("a", "input", 4), Conv("b", "a", 4), Concat("c", ("a", "b")), Conv("d", "c", 4, relu=False))
    assert made["c"].inputs == ("c.again0", "b")
    assert made["c.again0"].input == "a" and made["c.again0"].quantizer == made["b"].quantizer == "b.quantizer"
    assert made["a"].quantizer == "a.quantizer"


def test_signed_and_unsigned_share_a_signed_one():
    made = nodes(
        Conv("a", "input", 4), Conv("b", "input", 4, relu=False), Add("c", ("a", "b"), ""), GlobalAvgPool("g", "c")
    )
    assert made["c"].inputs == ("c.again0", "b") and made["c.again0"].quantizer == "b.quantizer"


def test_scores_through_an_average_are_raw_and_rectified_ones_are_not():
    raw = nodes(Conv("a", "input", 4, relu=False), GlobalAvgPool("g", "a"))
    assert raw["a"].quantizer is None
    assert nodes(Conv("a", "input", 4), GlobalAvgPool("g", "a"))["a"].quantizer == "a.quantizer"


def test_averages_are_quantized_again_before_they_are_joined():
    made = nodes(Conv("a", "input", 4), AvgPool("p", "a", 2, 2), Conv("b", "a", 4, 2, 2), Concat("c", ("p", "b")),
                 Conv("d", "c", 4, relu=False))  # fmt: skip
    assert made["c"].inputs == ("c.again0", "b") and made["c.again0"].quantizer == made["b"].quantizer == "b.quantizer"
    both = nodes(Conv("a", "input", 4), AvgPool("p", "a", 2, 2), Conv("b", "input", 4), AvgPool("q", "b", 2, 2),
                 Add("c", ("p", "q"), ""), Conv("d", "c", 4))  # fmt: skip
    assert both["c"].inputs == ("c.again0", "c.again1")
    assert both["c.again0"].quantizer == both["c.again1"].quantizer == "c.again0.quantizer"
    signed = nodes(Conv("a", "input", 4, relu=False), AvgPool("p", "a", 2, 2), AvgPool("q", "p", 1, 1),
                   Add("c", ("p", "q"), ""), Conv("d", "c", 4))  # fmt: skip
    network = Network("n", (8, 8, 4), 4, tuple(signed.values()))
    assert network.signed_quantizers == {"a.quantizer", "c.again0.quantizer"}


def test_pixels_are_not_added():
    with pytest.raises(UserError, match=r"b: it joins the pixels themselves"):
        nodes(Conv("a", "input", 4), Add("b", ("a", "input"), ""), Conv("c", "b", 4))
