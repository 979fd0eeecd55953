"""Sound as a network's pixels: logarithms of mel energies, in whole numbers of 0 to 255.

    level = clip(round((log(energy) - low) / step), 0, 255), halves to even

The energies are kaldi-native-fbank's, without dither, in float32: windows of `window_ms` every `hop_ms` (povey's
window, pre-emphasis 0.97, the mean of each window taken off), the power spectrum of 16-bit samples, summed by `bins`
triangles that lie evenly on the mel scale from `low_hz` to half the rate.
"""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hwcodesign.core import packages
from hwcodesign.core.errors import UserError
from hwcodesign.core.input_file import require_file

SUFFIX = ".wav"
_BYTES = 2  # of a sample
_UNKNOWN = 2**29  # samples: what a program says that writes into a pipe, and does not know yet how many come


@dataclass(frozen=True)
class LogMel:
    """The whole recipe: with it, the same samples give the same levels. `rate` in samples per second."""

    rate: int = 16_000
    window_ms: float = 40.0
    hop_ms: float = 20.0
    windows: int = 49
    bins: int = 10
    low_hz: float = 20.0
    low: float = 4.0
    step: float = 0.08

    @property
    def samples(self) -> int:
        """How many it takes."""
        return round((self.window_ms + (self.windows - 1) * self.hop_ms) * self.rate / 1000)

    def levels(self, samples: np.ndarray) -> np.ndarray:
        """uint8 (windows, bins, 1) of int16 samples (n,), of which the first `samples` count; zeros for those missing.

        Raises UserError if kaldi-native-fbank is not installed.
        """
        packages.require("kaldi_native_fbank")
        import kaldi_native_fbank as knf

        options = knf.FbankOptions()
        options.frame_opts.samp_freq = self.rate
        options.frame_opts.frame_length_ms, options.frame_opts.frame_shift_ms = self.window_ms, self.hop_ms
        options.frame_opts.dither = 0.0
        options.mel_opts.num_bins, options.mel_opts.low_freq = self.bins, self.low_hz
        bank = knf.OnlineFbank(options)
        whole = np.zeros(self.samples, dtype=np.float32)
        whole[: len(samples)] = samples[: self.samples]
        bank.accept_waveform(self.rate, whole.tolist())
        bank.input_finished()
        energies = np.stack([bank.get_frame(i) for i in range(self.windows)]).astype(np.float64)
        levels = np.clip(np.rint((energies - self.low) / self.step), 0, 255)
        return levels.astype(np.uint8)[..., None]

    def read(self, path: Path) -> np.ndarray:
        """The levels of a WAV file of one channel and 16 bits. Raises UserError if it is none, or of another rate."""
        return self.levels(self._samples(path))

    def to_json(self) -> dict[str, Any]:
        """What `LogMel(**values)` reads."""
        return asdict(self)

    def _samples(self, path: Path) -> np.ndarray:
        import wave

        require_file(path)
        try:
            with wave.open(str(path), "rb") as file:
                found = file.getnchannels(), file.getsampwidth(), file.getframerate()
                wanted = min(file.getnframes(), self.samples) if file.getnframes() < _UNKNOWN else 0
                content = file.readframes(self.samples)
        except (wave.Error, EOFError, OSError) as error:
            raise UserError(f"cannot read {path} as a WAV file: {error}") from None
        channels, width, rate = found
        if found == (1, _BYTES, self.rate):
            if len(content) % _BYTES or len(content) < _BYTES * wanted:
                raise UserError(f"{path} is truncated: it has {len(content)} bytes of sound, where its header says "
                                f"{_BYTES * wanted}")  # fmt: skip
            return np.frombuffer(content, dtype="<i2")
        raise UserError(
            f"{path} has {rate:,} samples per second of {8 * width} bits in {channels} channel{'s' * (channels > 1)}; "
            f"the network takes {self.rate:,} of 16 bits in one: sox {path.name} -r {self.rate} -b 16 -c 1 NEW.wav"
        )
