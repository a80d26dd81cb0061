"""Meshes built to harm, of every format that is read."""

from __future__ import annotations

from tests.hostile import models, packed_models, ply_texts, texts
from tests.hostile.bench import Bench, Outcome
from tests.hostile.outcome import assert_hidden, rows
from tests.hostile.test_images import assert_bare, assert_ends
from tests.hostile.texts import Capture

TEXTS = texts.CASES | ply_texts.CASES
MODELS = models.CASES | packed_models.CASES
assert len(TEXTS) == len(texts.CASES) + len(ply_texts.CASES)
assert len(MODELS) == len(models.CASES) + len(packed_models.CASES)
SYSTEM = (b"root:", b"etc/passwd")


def converted(case: Capture, bench: Bench) -> Outcome:
    """The outcome, which is one of those the case allows."""
    outcome = bench.convert(case.files())
    end = outcome.code if outcome.code in case.or_else else case.end
    assert_ends(outcome, end)
    return outcome


@rows(TEXTS)
def test_a_mesh_in_text_is_refused_or_drawn_anew(name: str, bench: Bench) -> None:
    check(converted(TEXTS[name], bench))


@rows(MODELS)
def test_a_model_file_is_refused_or_drawn_anew(name: str, bench: Bench) -> None:
    check(converted(MODELS[name], bench))


def check(outcome: Outcome) -> None:
    assert (outcome.triangles > 0) == (outcome.code is None)
    for output in outcome.outputs:
        assert_bare(output)
        assert_hidden(output.name)
        assert [word for word in SYSTEM if word in output.data] == []
