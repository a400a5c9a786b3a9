"""Interactive panel: choose recording, noise and bits; hear the result and see the bytes."""

from __future__ import annotations

from functools import cache
from html import escape
from typing import Any, Final

import ipywidgets as widgets
import numpy as np
import numpy.typing as npt

from .. import FloatModel, QuantizedModel, quantize
from ..evaluate.metrics import UndefinedScoreError, UnusableReferenceError, stoi
from ..sound import reading
from . import sources, spectra
from .counted import count, counted
from .image import WIDTH, png
from .playback import wav

Float = npt.NDArray[np.float64]

BUNDLED: Final = "bundled recording"
SECONDS: Final = 5  # length of a microphone recording
SCHEMES: Final = {8: "u", 4: "rs-vbs", 3: "rs-vbs"}


@cache
def model(bits: int) -> QuantizedModel:
    """Return the bundled network quantized to 8, 4 or 3 bits."""
    return quantize(FloatModel.load("default-float"), SCHEMES[bits], bits)


def panel(backend: str) -> widgets.VBox:
    """Return the panel for display; it enhances on `backend`."""
    return Panel(backend).box


class Panel:
    """The panel; every change of a control mixes and enhances the recording again.

    Parameters
    ----------
    backend : str
    """

    def __init__(self, backend: str) -> None:
        self._backend = backend
        self._recordings = {BUNDLED: sources.bundled()}
        self._microphone = sources.microphone()
        self._make_controls()
        self._make_outputs()
        self.box = widgets.VBox([self._controls(), self._outputs()])
        self._listen()
        self.upload.observe(self._take_file, "value")
        self.record.on_click(self._take_microphone)
        self._run()

    def _make_controls(self) -> None:
        wide: dict[str, Any] = {"style": {"description_width": "6em"}}
        self.source = widgets.Dropdown(options=[BUNDLED], description="Recording", **wide)
        self.upload = widgets.FileUpload(accept=",".join(reading.SUFFIXES), description="A file")
        self.record = widgets.Button(description=f"Record {SECONDS} s", icon="microphone")
        self.noise = widgets.Checkbox(True, description="add noise", indent=False)
        self.snr = widgets.IntSlider(
            4, -5, 20, description="SNR in dB", continuous_update=False, **wide
        )
        bits = [(f"{n} bits", n) for n in SCHEMES]
        self.bits = widgets.ToggleButtons(options=bits, value=4, style={"button_width": "5em"})

    def _make_outputs(self) -> None:
        self.before, self.after = (
            widgets.Audio(format="wav", autoplay=False, loop=False) for _ in range(2)
        )
        self.before_title, self.after_title = widgets.HTML(), widgets.HTML()
        self.picture = widgets.Image(format="png", layout={"max_width": f"{WIDTH}px"})
        self.bytes, self.status = widgets.HTML(), widgets.HTML()

    def _controls(self) -> widgets.VBox:
        taken = [self.source, self.upload]
        taken += [self.record] if self._microphone else []
        label = widgets.HTML('<div style="width: 6em; text-align: right">Weights</div>')
        rows = (taken, [self.snr, self.noise], [label, self.bits])
        return widgets.VBox([*map(widgets.HBox, rows), self.status])

    def _outputs(self) -> widgets.VBox:
        before = widgets.VBox([self.before_title, self.before])
        after = widgets.VBox([self.after_title, self.after])
        return widgets.VBox([self.bytes, widgets.HBox([before, after]), self.picture])

    def _run(self, _: object = None) -> None:
        """Mix, enhance, and show the result."""
        self.snr.disabled = not self.noise.value
        self.status.value = "enhancing ..."
        speech = self._recordings[self.source.value]
        try:
            noisy = sources.with_noise(speech, self.snr.value) if self.noise.value else speech
            enhanced = self._enhance(noisy)
        except (ValueError, RuntimeError) as error:
            self.status.value = _red(error)
            return
        clean = speech if self.noise.value or self.source.value == BUNDLED else None
        self._show(noisy, enhanced, clean)
        self.status.value = ""

    def _enhance(self, noisy: Float) -> Float:
        pieces = []
        for piece, traffic in counted(model(self.bits.value), noisy, self._backend):
            pieces.append(piece)
            self.bytes.value = count(traffic)
        return np.concatenate(pieces)

    def _show(self, noisy: Float, enhanced: Float, clean: Float | None) -> None:
        self.before.value, self.after.value = wav(noisy), wav(enhanced)
        self.before_title.value = f"<b>Before</b>{_score(clean, noisy)}"
        self.after_title.value = f"<b>After</b>{_score(clean, enhanced)}"
        self.picture.value = png(spectra.figure({"Before": noisy, "After": enhanced}))

    def _take_file(self, _: object) -> None:
        if not self.upload.value:
            return
        try:
            name, samples = sources.uploaded(self.upload.value)
        except ValueError as error:
            self.status.value = _red(error)
            return
        self._take(name, samples)

    def _take_microphone(self, _: object) -> None:
        assert self._microphone is not None
        self.status.value = f"recording {SECONDS} s ..."
        try:
            samples = sources.recorded(self._microphone, SECONDS)
        except (self._microphone.PortAudioError, ValueError) as error:
            self.status.value = _red(error)
            return
        self._take("microphone", samples)

    def _take(self, name: str, samples: Float) -> None:
        """Select a new recording, without adding noise, as it is assumed to be noisy already."""
        self._recordings[name] = samples
        self._listen(False)
        self.noise.value = False
        self.source.options = list(self._recordings)
        self.source.value = name
        self._listen()
        self._run()

    def _listen(self, on: bool = True) -> None:
        """Register `_run` as the callback of all controls, or remove it."""
        for control in (self.source, self.noise, self.snr, self.bits):
            (control.observe if on else control.unobserve)(self._run, "value")


def _score(clean: Float | None, signal: Float) -> str:
    if clean is None:
        return ""
    try:
        return f", STOI {stoi(clean, signal):.3f}"
    except (UnusableReferenceError, UndefinedScoreError):
        return ""


def _red(error: Exception) -> str:
    return f'<span style="color: #b00020">{escape(str(error))}</span>'
