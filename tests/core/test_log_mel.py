"""Sound becomes levels by the recipe alone; files of another rate are told, with what would mend them."""

import wave
from pathlib import Path

import numpy as np
import pytest

from hwcodesign.core.errors import UserError
from hwcodesign.core.log_mel import LogMel

RECIPE = LogMel()


def tone(hertz: float, seconds: float = 1.0, rate: int = 16_000) -> np.ndarray:
    return (8_000 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * rate)) / rate)).astype(np.int16)


def saved(path: Path, samples: np.ndarray, rate: int = 16_000, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def test_a_second_is_49_windows_and_a_higher_tone_lies_in_a_higher_bin() -> None:
    low, high = (RECIPE.levels(tone(hertz)) for hertz in (300, 3_000))
    assert low.shape == (49, 10, 1) and low.dtype == np.uint8 and RECIPE.samples == 16_000
    assert low[5:40].mean(axis=(0, 2)).argmax() < high[5:40].mean(axis=(0, 2)).argmax()
    assert np.ptp(low) > 50


def test_levels_are_steps_of_the_logarithm() -> None:
    energies = [LogMel(low=0.0, step=step).levels(tone(500)).astype(float) for step in (0.1, 0.2)]
    assert np.abs(energies[0] / 2 - energies[1]).max() <= 0.5


def test_what_is_missing_is_silence_and_what_is_too_much_is_left_out(tmp_path: Path) -> None:
    short, long = tone(500, 0.5), tone(500, 2.0)
    padded = np.concatenate([short, np.zeros(8_000, dtype=np.int16)])
    assert np.array_equal(RECIPE.read(saved(tmp_path / "a.wav", short)), RECIPE.levels(padded))
    assert np.array_equal(RECIPE.read(saved(tmp_path / "b.wav", long)), RECIPE.levels(long[:16_000]))


def test_another_rate_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = saved(tmp_path / "cd.wav", tone(500), rate=44_100, channels=2)
    with pytest.raises(
        UserError, match=r"44,100 samples per second of 16 bits in 2 channels; the network takes 16,000"
    ):
        RECIPE.read(path)
    (tmp_path / "no.wav").write_bytes(b"RIFF")
    with pytest.raises(UserError, match=r"cannot read .*no.wav as a WAV file"):
        RECIPE.read(tmp_path / "no.wav")


def test_a_truncated_file_is_no_silence(tmp_path: Path) -> None:
    whole = saved(tmp_path / "a.wav", tone(500)).read_bytes()
    for missing in (1, 2, 9_000):
        (tmp_path / "cut.wav").write_bytes(whole[:-missing])
        with pytest.raises(UserError, match=rf"cut.wav is truncated: it has {32_000 - missing} bytes .* says 32000"):
            RECIPE.read(tmp_path / "cut.wav")
    unknown = (2**32 - 1).to_bytes(4, "little")
    (tmp_path / "piped.wav").write_bytes(whole[:4] + unknown + whole[8:40] + unknown + whole[44:-9_000])
    assert np.array_equal(RECIPE.read(tmp_path / "piped.wav"), RECIPE.levels(tone(500)[:-4_500]))


def test_it_comes_back_from_json() -> None:
    assert LogMel(**LogMel(rate=8_000, bins=12).to_json()) == LogMel(rate=8_000, bins=12)
