"""Metrics as Prometheus reads them: the text exposition format, version 0.0.4.

Source: Prometheus documentation, "Exposition formats". What does not belong here: which metrics
there are (``console/pages/metrics.py``).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Literal

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_ESCAPED_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})


@dataclass(frozen=True, slots=True)
class Sample:
    """One value; ``suffix`` is appended to the metric's name (``_bucket``)."""

    value: float
    labels: Mapping[str, str] = field(default_factory=dict)
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric with its samples; none of them twice with the same labels."""

    name: str
    kind: Literal["gauge", "counter", "histogram"]
    help: str
    samples: tuple[Sample, ...]


def gauge(name: str, text: str, value: float) -> Metric:
    """A gauge without labels."""
    return Metric(name, "gauge", text, (Sample(value),))


def histogram_samples(
    bounds: Sequence[float], counts: Sequence[int], total: float, labels: Mapping[str, str]
) -> Iterator[Sample]:
    """The samples of one histogram: ``counts`` by bucket, one more than ``bounds``, not cumulative.

    ``total`` is the sum of the observed values.
    """
    for bound, count in zip((*bounds, float("inf")), accumulate(counts), strict=True):
        yield Sample(count, {**labels, "le": _number(bound)}, "_bucket")
    yield Sample(total, labels, "_sum")
    yield Sample(sum(counts), labels, "_count")


def exposition(metrics: Iterable[Metric]) -> str:
    r"""The metrics as text.

    >>> exposition([gauge("flyle_companies", "Linked companies.", 3)])
    '# HELP flyle_companies Linked companies.\n# TYPE flyle_companies gauge\nflyle_companies 3\n'
    """
    return "".join(f"{line}\n" for metric in metrics for line in _lines(metric))


def _lines(metric: Metric) -> Iterator[str]:
    yield f"# HELP {metric.name} {metric.help.translate(_ESCAPED_HELP)}"
    yield f"# TYPE {metric.name} {metric.kind}"
    for sample in metric.samples:
        labels = ",".join(f'{k}="{v.translate(_ESCAPED)}"' for k, v in sample.labels.items())
        braces = f"{{{labels}}}" if labels else ""
        yield f"{metric.name}{sample.suffix}{braces} {_number(sample.value)}"


def _number(value: float) -> str:
    if value == float("inf"):
        return "+Inf"
    return str(int(value)) if value == int(value) else repr(float(value))
