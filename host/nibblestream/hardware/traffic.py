"""Bytes that a network moves: by the model's layout, by the DMAs, and by the hardware counters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from .. import spec
from ..geometry import DEFAULT, Geometry
from ..network import code_order, code_stream, pack
from ..network.activation import LINEAR, RELU, Activation
from ..network.float_model import FloatModel
from ..network.model import QuantizedModel
from ..network.recurrent import Recurrent
from .traffic_table import table

BEAT_BYTES = spec.BEAT_BITS // 8
FLOAT_BITS = 32  # of a weight in a float layer
FRAME_BYTES = spec.BINS * BEAT_BYTES  # of one spectrum
CODES, SPECTRA_IN, SPECTRA_OUT = spec.MONITOR_SLOTS  # the last two count rows of any network


@dataclass(frozen=True)
class RowTraffic:
    """One row of a network in memory: a spectrum in and out, or a plain network's numbers.

    Parameters
    ----------
    beats_in, beats_out : int
        Beats of one row of inputs and of outputs.
    raw : bool
        Whether rows pass the spectral kernels unchanged.
    past : int
        Earlier rows that the network sees with each, kept by the kernel.
    """

    beats_in: int
    beats_out: int
    raw: bool = True
    past: int = 0

    @property
    def names(self) -> tuple[str, str]:
        """Names of what goes in and of what comes out."""
        return ("inputs", "outputs") if self.raw else ("spectra", "enhanced spectra")

    @property
    def unit(self) -> str:
        """Name of one row."""
        return "row" if self.raw else "frame"

    @property
    def bytes(self) -> int:
        """Bytes of one row, in and out."""
        return BEAT_BYTES * (self.beats_in + self.beats_out)

    def slot(self, slot: str) -> str:
        """Return the name of one of `spec.MONITOR_SLOTS` with these rows."""
        return slot.replace("spectra", "rows") if self.raw else slot


SPECTRA = RowTraffic(spec.BINS, spec.BINS, raw=False, past=spec.CONTEXT - 1)


def rows_of(model: QuantizedModel | FloatModel) -> RowTraffic:
    """Return the layout of a model's rows in beats."""
    given, made = model.front.rows(model.inputs, model.outputs)
    return RowTraffic(given.beats, made.beats, model.front.raw, model.front.past)


@dataclass(frozen=True)
class LayerTraffic:
    """Weight bytes of one layer, for one pass over all codes.

    Parameters
    ----------
    outputs, inputs : int
    bits : int
        Bits per code; `FLOAT_BITS` for a float layer.
    wide_bias : bool
        Whether biases have 16 bits, not 8.
    activation : bool
        Whether an activation beat follows the layer's beat.
    units : int
        Units of a layer with memory or of a recurrent layer; 0 in others.
    recurrent : bool
        Whether the codes multiply the layer's own outputs, and are kept on chip for a block.
    geometry : Geometry
        Of the kernels that the codes are laid out for; the same in all layers of a network.
    """

    outputs: int
    inputs: int
    bits: int
    wide_bias: bool = False
    activation: bool = False
    units: int = 0
    recurrent: bool = False
    geometry: Geometry = DEFAULT

    @property
    def ideal(self) -> int:
        """Bytes of the codes without padding, as the paper's Table 3 counts them."""
        return self.at(self.bits)

    @property
    def padded(self) -> int:
        """Bytes of the codes in the stream, filled up to whole steps and beats."""
        return self._bytes(self.code_beats) if self.bits in spec.CODE_BITS else self.ideal

    @property
    def tables(self) -> int:
        """Bytes before the codes: formats, look-up table, biases."""
        if self.bits not in spec.CODE_BITS:
            return 0
        biases = code_stream.bias_beats(self.outputs, self.wide_bias)
        return self._bytes(1 + self.activation + code_stream.table_beats(self.bits) + biases)

    @property
    def steps(self) -> int:
        """Steps of the codes: what is decoded at once."""
        return code_order.steps(self._shape, self.bits, self.geometry, self.recurrent)

    @property
    def code_beats(self) -> int:
        """Beats of the codes on each memory port."""
        return code_order.beats_of(self._shape, self.bits, self.geometry, self.recurrent)

    @property
    def row(self) -> tuple[int, int]:
        """Values per row that the layer writes to the activation memory, and that it takes."""
        return (self.units, self.outputs) if self.recurrent else (self.outputs, self.inputs)

    def at(self, bits: int) -> int:
        """Bytes of the same weights at `bits` bits each, without padding."""
        return pack.ideal_bytes(self._shape, bits)

    @property
    def _shape(self) -> tuple[int, int]:
        return self.outputs, self.inputs

    def _bytes(self, beats: int) -> int:
        return BEAT_BYTES * self.geometry.ports * beats


def layers_of(
    model: QuantizedModel | FloatModel, bits: int | None = None, geometry: Geometry = DEFAULT
) -> list[LayerTraffic]:
    """Return the shape and code width of each layer; `bits`, if given, replaces all widths."""
    if isinstance(model, FloatModel):
        return [LayerTraffic(len(w), w.shape[1], bits or FLOAT_BITS) for w in model.weights]
    layers = [
        LayerTraffic(
            *layer.shape,
            layer.bits,
            wide_bias=layer.bias_format != spec.BIAS,
            activation=layer.activation not in (LINEAR, RELU),
            units=0 if isinstance(layer.activation, Activation) else layer.width,
            recurrent=isinstance(layer.activation, Recurrent),
            geometry=geometry,
        )
        for layer in model.layers
    ]
    return layers if bits is None else [replace(layer, bits=bits) for layer in layers]


@dataclass(frozen=True)
class Counted:
    """Bytes that an overlay moved, for each of `spec.MONITOR_SLOTS`.

    Parameters
    ----------
    dma : dict of str to int
        Bytes of the completed DMA transfers.
    hardware : dict of str to int
        Bytes that the performance monitor counted at the memory ports.
    """

    dma: dict[str, int]
    hardware: dict[str, int]

    def __add__(self, other: Counted) -> Counted:
        """Return the sum of both."""
        return self._with(other, 1)

    def __sub__(self, before: Counted) -> Counted:
        """Return the bytes moved since `before`."""
        return self._with(before, -1)

    def _with(self, other: Counted, sign: int) -> Counted:
        pairs = ((self.dma, other.dma), (self.hardware, other.hardware))
        return Counted(*({key: a[key] + sign * b[key] for key in a} for a, b in pairs))


NOTHING = Counted(*(dict.fromkeys(spec.MONITOR_SLOTS, 0) for _ in range(2)))


def stream_bytes(layers: Sequence[LayerTraffic]) -> int:
    """Return the bytes of the whole stream of codes, with its headers, for one block."""
    return model_bytes(layers) + sum(layer.tables + layer.padded for layer in layers)


def model_bytes(layers: Sequence[LayerTraffic]) -> int:
    """Return the bytes of the stream's first beat, on every memory port."""
    return BEAT_BYTES * layers[0].geometry.ports


def slot_bytes(
    layers: Sequence[LayerTraffic], frames: int, passes: int, rows: RowTraffic
) -> dict[str, int]:
    """Return the bytes of each of `spec.MONITOR_SLOTS` for `frames` rows in `passes` blocks."""
    return {
        CODES: passes * stream_bytes(layers),
        SPECTRA_IN: frames * rows.beats_in * BEAT_BYTES,
        SPECTRA_OUT: frames * rows.beats_out * BEAT_BYTES,
    }


@dataclass(frozen=True)
class Traffic:
    """Bytes that a run streamed, by the model's layout and, on an overlay, as counted.

    Parameters
    ----------
    layers : sequence of LayerTraffic
    frames : int
        Frames, or rows of another network, that were processed.
    passes : int
        How often all codes were streamed: once per block of frames.
    counted : Counted, optional
        Bytes that the overlay moved; each block was reconciled with the model.
    rows : RowTraffic, optional
        Spectra if not given.
    """

    layers: Sequence[LayerTraffic]
    frames: int
    passes: int
    counted: Counted | None = None
    rows: RowTraffic = SPECTRA

    @property
    def ideal(self) -> int:
        """Bytes of all codes, without padding."""
        return sum(layer.ideal for layer in self.layers)

    @property
    def padded(self) -> int:
        """Bytes of the codes of one pass, with padding."""
        return sum(layer.padded for layer in self.layers)

    @property
    def tables(self) -> int:
        """Bytes of one pass other than codes: headers, look-up tables, biases."""
        tables = sum(layer.tables for layer in self.layers)
        return tables + model_bytes(self.layers) if tables else 0

    @property
    def streamed(self) -> int:
        """Bytes of the codes of all passes."""
        return self.passes * self.padded

    @property
    def per_frame(self) -> float:
        """Bytes streamed per frame; those of one pass if nothing has run yet."""
        return self.streamed / self.frames if self.frames else float(self.padded)

    def at(self, bits: int) -> int:
        """Bytes of the same weights at `bits` bits each, without padding."""
        return sum(layer.at(bits) for layer in self.layers)

    @property
    def slots(self) -> dict[str, int]:
        """Bytes of each of `spec.MONITOR_SLOTS`, by the layout."""
        return slot_bytes(self.layers, self.frames, self.passes, self.rows)

    def __str__(self) -> str:
        return table(self)
