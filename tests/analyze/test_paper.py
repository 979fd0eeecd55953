"""The dissertation's tables: every printed figure agrees to its digits, or is on the list of those that do not."""

from fractions import Fraction

import pytest

from hwcodesign.analyze.paper.row import PaperRow
from hwcodesign.analyze.paper.tables import paper_tables, summary, to_json

TABLES = {table.number: table for table in paper_tables()}
# What does not agree, and how its reason begins.
DIFFERENCES = {
    ("3.1", "NiN computation"): "printed with the further digits cut off",
    ("3.1", "AlexNet weights"): "printed with the further digits cut off",
    ("3.1", "GoogLeNet weights"): "printed with the two auxiliary classifiers of training: 53.5 MB",
    ("3.1", "GoogLeNet computation"): "printed without pools and normalisation: 9.72 TF",
    ("4.2", "total output"): "the printed total is what layers with weights read, the image too (5.895 GB)",
    ("4.3", "total computation"): "the printed total adds rounded figures: 2.27 + 3 x 0.216 = 2.918",
    ("4.6", "total parameters"): "printed with the further digits cut off",
    ("section 4.7", "5^16"): "arithmetic gives 152,587,890,625; the text says 30 billion",
    ("5.1", "conv1 output for a 224x224 image"): "a 227x227 image gives 111x111x96",
    ("5.3", "bypass complex"): "a 1x1 convolution with biases around fire2, 4, 6 and 8 makes 1,589,672 parameters",
}


def row(number, what, unit=None):
    return next(r for r in TABLES[number].rows if r.what == what and unit in (None, r.unit))


def test_every_table_is_there():
    assert list(TABLES) == ["3.1", *(f"4.{n}" for n in range(1, 9)), "section 4.7", "5.1", "5.3"]


def test_every_figure_agrees_or_has_its_reason():
    differ = {(t.number, r.what): r.reason for t in TABLES.values() for r in t.rows if r.agrees is False}
    assert differ.keys() == DIFFERENCES.keys()
    for key, reason in DIFFERENCES.items():
        assert differ[key].startswith(reason)


@pytest.mark.parametrize(
    ("number", "what", "unit", "exact"),
    [
        ("4.2", "conv1 parameters", "MB", Fraction(4 * (11 * 11 * 3 * 96 + 96), 10**6)),
        ("4.2", "conv4 computation", "GF", Fraction(2 * 1024 * 27 * 27 * 256 * 96 * 25, 10**9)),
        ("4.2", "pool3 computation", "GF", Fraction(1024 * 27 * 27 * 96 * 9, 10**9)),
        ("4.2", "total parameters", "MB", Fraction(4 * 7_595_176, 10**6)),
        ("4.6", "total parameters", "x", Fraction(7_595_176 + 3000 * 1025, 7_595_176)),
        ("5.3", "bypass none", "MiB", Fraction(4 * 1_248_424, 2**20)),
        ("section 4.7", "5^16", "billion", Fraction(152_587_890_625, 10**9)),
    ],
)
def test_ours_are_exact(number, what, unit, exact):
    assert row(number, what, unit).ours == exact


@pytest.mark.parametrize(
    ("ours", "printed", "agrees"),
    [
        (Fraction("2.266"), "2.27", True),
        (Fraction("2.264"), "2.27", False),
        (Fraction("5793"), "5800", True),
        (Fraction("5849"), "5800", True),
        (Fraction("5850"), "5800", False),
        (Fraction("19102"), "19,100", True),
        (Fraction("1.04"), "1", True),
        (Fraction("30.38"), "30.4", True),
        (Fraction("7.0401"), "7.0", True),
        ("55x55x96", "55x55x96", True),
        ("54x54x96", "55x55x96", False),
        (Fraction(1), "", None),
    ],
)
def test_agreement_is_to_the_printed_digits(ours, printed, agrees):
    assert PaperRow("x", ours, printed).agrees is agrees


def test_a_difference_has_a_size_and_a_reason():
    assert PaperRow("x", Fraction(200), "150").difference == "-25.0%"
    assert PaperRow("x", Fraction(200), "150").reason == "no reason found"
    assert PaperRow("x", Fraction("2.499"), "2.4").reason.startswith("printed with the further digits cut off")
    assert PaperRow("x", Fraction("2.4"), "2.4", why="never shown").reason == ""


def test_the_summary_lists_every_difference():
    text = summary(list(TABLES.values()))
    assert text.startswith("68 figures agree")
    assert "10 differ" in text
    for number, what in DIFFERENCES:
        assert f"  {number} {what}: " in text


def test_json_has_both_figures():
    first = to_json(TABLES["3.1"])["rows"][0]
    assert (first["what"], first["printed"], first["agrees"], first["unit"]) == ("NiN activations", "5800", True, "MB")
    assert first["ours"] == pytest.approx(5792.73, abs=0.01)
