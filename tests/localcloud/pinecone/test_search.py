"""Search is exact: the order is that of float64 scores over every record, whatever was added and removed before."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from localcloud.pinecone.namespace import Namespace, Query
from localcloud.pinecone.records import Record, SparseVector
from localcloud.pinecone.schema import Metric, dense_declaration
from localcloud.pinecone.search import SparseRows

METRICS: list[Metric] = ["cosine", "dotproduct", "euclidean"]


def empty(dimension: int, metric: Metric) -> Namespace:
    return Namespace(dense_declaration("test", dimension, metric).fields_schema)


def dense(*values: float) -> np.ndarray:
    return np.array(values, np.float32)


def true_score(metric: Metric, query: np.ndarray, values: np.ndarray) -> float:
    left, right = query.astype(np.float64), values.astype(np.float64)
    if metric == "euclidean":
        return float(((left - right) ** 2).sum())
    lengths = float(np.linalg.norm(left) * np.linalg.norm(right))
    return float(left @ right) / ((lengths or 1) if metric == "cosine" else 1)


def found(namespace: Namespace, query: Query) -> list[str]:
    return [record.id for _, record in namespace.search(query)]


@pytest.mark.parametrize("metric", METRICS)
def test_near_ties_are_told_apart(metric: Metric) -> None:
    """Vectors that float32 arithmetic cannot order: 500 steps of one unit in the last place, among long ones."""
    dimension, count = 256, 500
    rng = np.random.default_rng(7)
    base = (rng.normal(size=dimension) * 100).astype(np.float32)
    namespace, vectors = empty(dimension, metric), {}
    for number in rng.permutation(count):
        values = base.copy()
        values[0] = np.float32(base[0]) + np.float32(number) * np.spacing(base[0])
        vectors[f"v{number:03}"] = values
        namespace.put(Record(f"v{number:03}", values))
    query = base + rng.normal(size=dimension).astype(np.float32)
    sign = 1 if metric == "euclidean" else -1
    best = sorted(vectors, key=lambda id_: (sign * true_score(metric, query, vectors[id_]), id_))[:10]
    assert found(namespace, Query(query, None, 10)) == best


def test_equal_scores_go_by_id() -> None:
    namespace = empty(2, "cosine")
    for identifier in ("b", "a", "d", "c"):
        namespace.put(Record(identifier, dense(1, 1)))
    assert found(namespace, Query(dense(1, 0), None, 3)) == ["a", "b", "c"]


def test_the_nearest_in_euclidean_space_has_the_lowest_score() -> None:
    namespace = empty(2, "euclidean")
    namespace.put(Record("far", dense(3, 4)))
    namespace.put(Record("near", dense(1, 0)))
    assert [(score, record.id) for score, record in namespace.search(Query(dense(0, 0), None, 2))] == [
        (1.0, "near"),
        (25.0, "far"),
    ]


@pytest.mark.parametrize("metric", METRICS)
def test_vectors_too_long_for_float32_arithmetic_are_compared_all_the_same(metric: Metric) -> None:
    namespace = empty(2, metric)
    for number in range(100):
        namespace.put(Record(f"v{number:02}", dense(1e38, number * 1e36)))
    assert found(namespace, Query(dense(1e38, 99e36), None, 1)) == ["v99"]


def test_a_filter_is_applied_before_the_best_are_taken() -> None:
    namespace = empty(2, "cosine")
    for number in range(50):
        namespace.put(Record(f"v{number:02}", dense(1, number), metadata={"even": number % 2 == 0}))
    query = Query(dense(1, 0), None, 3, lambda metadata: metadata["even"] is False)
    assert found(namespace, query) == ["v01", "v03", "v05"]
    assert found(namespace, Query(dense(1, 0), None, 3, lambda _: False)) == []


# -- against a reference -----------------------------------------------------------------------------------------

SMALL = st.integers(-3, 3).map(float)
IDS = st.sampled_from("abcdefgh")
SPARSE = st.none() | st.dictionaries(st.integers(0, 5), SMALL, min_size=1, max_size=4).map(
    lambda entries: SparseVector(np.array(list(entries), np.int64), dense(*entries.values()))
)
RECORDS = st.builds(lambda id_, x, y, sparse: Record(id_, dense(x, y), sparse), IDS, SMALL, SMALL, SPARSE)
STEPS = st.lists(RECORDS | IDS, max_size=40)


def sparse_dot(left: SparseVector | None, right: SparseVector | None) -> float:
    if left is None or right is None:
        return 0.0
    weights = dict(zip(right.indices.tolist(), right.values.tolist(), strict=True))
    return sum(
        value * weights.get(index, 0.0)
        for index, value in zip(left.indices.tolist(), left.values.tolist(), strict=True)
    )


@given(steps=STEPS, metric=st.sampled_from(METRICS), x=SMALL, y=SMALL, sparse=SPARSE, top_k=st.integers(1, 10))
def test_a_namespace_is_its_records(
    steps: list[Record | str], metric: Metric, x: float, y: float, sparse: SparseVector | None, top_k: int
) -> None:
    namespace, kept = empty(2, metric), dict[str, Record]()
    for step in steps:
        if isinstance(step, Record):
            kept[step.id] = step
            namespace.put(step)
        else:
            kept.pop(step, None)
            namespace.remove(step)
    assert namespace.sorted_ids() == sorted(kept)
    for identifier in "abcdefgh":
        stored, expected = namespace.get(identifier), kept.get(identifier)
        assert (stored is None) == (expected is None)
        if stored is not None and expected is not None:
            assert stored.values is not None
            assert expected.values is not None
            assert stored.values.tolist() == expected.values.tolist()
            assert stored.sparse is expected.sparse

    query, extra = dense(x, y), sparse if metric == "dotproduct" else None
    sign = 1 if metric == "euclidean" else -1
    ranked = sorted(
        (sign * (true_score(metric, query, record.values) + sparse_dot(extra, record.sparse)), record.id)
        for record in kept.values()
        if record.values is not None
    )
    scored = namespace.search(Query(query, extra, top_k))
    assert [record.id for _, record in scored] == [identifier for _, identifier in ranked[:top_k]]
    assert [sign * score for score, _ in scored] == pytest.approx([score for score, _ in ranked[:top_k]])


def test_records_without_sparse_values_score_nothing_for_them() -> None:
    namespace = empty(2, "dotproduct")
    namespace.put(Record("v", dense(1, 0)))
    terms = SparseVector(np.array([3]), dense(5))
    assert [score for score, _ in namespace.search(Query(dense(2, 0), terms, 1))] == [2.0]


@given(
    st.lists(st.one_of(st.tuples(st.integers(0, 40), st.dictionaries(st.integers(0, 9), st.just(2.0))), st.none())),
    st.integers(0, 3),
)
def test_sparse_rows_are_found_whatever_was_written_since_they_were_turned_round(
    steps: list[tuple[int, dict[int, float]] | None], at_least: int
) -> None:
    rows, expected = SparseRows(), list[dict[int, float]]()
    rows._AT_LEAST = at_least
    query = SparseVector(np.arange(10), np.arange(1, 11, dtype=np.float32))
    for step in steps:
        if step is not None:
            row, entries = min(step[0], len(expected)), step[1]
            expected[row : row + 1] = [entries]
            values = np.array([*entries.values()], np.float32)
            rows.put(row, SparseVector(np.array([*entries], np.int64), values) if entries else None)
        elif expected:
            expected.pop()
            rows.pop()
        dots = [sum(2.0 * (index + 1) for index in entries) for entries in expected]
        assert rows.dots(query).tolist() == dots
