"""Data of one's own: CSV, npz and IDX files, what is said of them, and what is wrong with them."""

import csv
import gzip
import io
import random
import struct

import numpy as np
import pytest

from models.datasets import load, standardised
from models.datasets.files import features_of, load_file, read_idx_file, read_npz, read_part
from models.datasets.idx_files import DataError
from models.datasets.tables import all_features, columns_known, read_csv

from ...damaged import damaged

ROWS = [[f"{i}.5", str(i * i), "7", ("owl", "wren", "stork, white")[i % 3]] for i in range(30)]
NAMES = ["weight", "length", "station", "species"]


@pytest.fixture
def table(tmp_path):
    """table(rows, **how to write them): the path of a CSV file."""

    def written(rows, name="birds.csv", encoding="utf-8", **dialect):
        text = io.StringIO(newline="")
        csv.writer(text, **dialect).writerows(rows)
        path = tmp_path / name
        path.write_bytes(text.getvalue().encode(encoding))
        return str(path)

    return written


def idx(array, kind=8):
    """An IDX file of an array, as bytes."""
    head = bytes([0, 0, kind, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def error_of(call, *given, **options):
    with pytest.raises(DataError) as refused:
        call(*given, **options)
    assert "\n" not in str(refused.value)
    return str(refused.value)


# Tables


def test_a_table_with_words_for_classes_and_a_constant_column(table):
    data = load_file(table([NAMES, *ROWS]))
    assert data.class_names == ("owl", "stork, white", "wren") and data.name == "birds.csv"
    assert data.xtrain.shape == (24, 2) and data.xval.shape == (6, 2)
    for x, y in [*zip(data.xtrain, data.ytrain), *zip(data.xval, data.yval)]:
        i = int(x[0])
        assert x.tolist() == [i + 0.5, i * i] and data.class_names[y] == ROWS[i][3]
    assert data.notes == (
        "classes: 0 is 'owl', 1 is 'stork, white', 2 is 'wren'",
        "held out for validation: 6 of 30 rows, drawn at random",
        "dropped, since constant: 'station'",
    )
    assert load_file(table([NAMES, *ROWS])).digest == data.digest != load_file(table([NAMES, *ROWS[1:]])).digest


@pytest.mark.parametrize("dialect", [
    {"delimiter": ";"}, {"delimiter": "\t"}, {"quoting": csv.QUOTE_ALL}, {"lineterminator": "\n"},
    {"encoding": "utf-8-sig"},
])  # fmt: skip
def test_a_table_may_be_written_in_other_ways(table, dialect):
    """As spreadsheets of other countries do, too."""
    assert load_file(table([NAMES, *ROWS], **dialect)).digest == load_file(table([NAMES, *ROWS], "b.csv")).digest


def test_a_table_may_be_gzipped_and_have_empty_lines(table, tmp_path):
    plain = table([NAMES, *ROWS[:9], [], *ROWS[9:], []])
    (tmp_path / "packed").write_bytes(gzip.compress((tmp_path / "birds.csv").read_bytes()))
    assert load_file(str(tmp_path / "packed")).digest == load_file(plain).digest


@pytest.mark.parametrize("wanted, header", [(None, True), ("species", True), ("4", True), ("4", False)])
def test_the_label_column_is_named_or_numbered(table, wanted, header):
    rows = [NAMES, *ROWS] if header else ROWS
    assert load_file(table(rows), labels=wanted).digest == load_file(table([NAMES, *ROWS], "b.csv")).digest


def test_without_a_usual_name_the_first_column_has_the_labels(table):
    rows = [[row[3], row[0], row[1]] for row in ROWS]
    for head in ([], [["kind", "weight", "length"]]):
        assert load_file(table([*head, *rows])).digest == load_file(table([NAMES, *ROWS], "b.csv")).digest


def test_row_numbers_as_pandas_writes_them_are_no_feature(table):
    rows = [["", *NAMES], *([i, *row] for i, row in enumerate(ROWS))]
    assert load_file(table(rows)).digest == load_file(table([NAMES, *ROWS], "b.csv")).digest


def test_two_columns_of_one_name_are_told_apart(table):
    part = read_part(table([["a", "a", "label"], *([i, 2 * i, i % 2] for i in range(9))]))
    assert part.table.columns == ("a", "a (column 2)")


def test_kaggles_mnist_is_pictures(table):
    """A label column first, then 784 pixels: one mean and deviation, and no constant column is dropped."""
    rng = np.random.default_rng(0)
    pixels, y = rng.integers(0, 256, (40, 784)), np.arange(40) % 10
    pixels[:, 0] = 0
    rows = [["label", *(f"pixel{i}" for i in range(784))], *np.c_[y, pixels].tolist()]
    data = load_file(table(rows))
    assert data.image_shape == (28, 28) and data.xtrain.dtype == np.uint8 and data.xtrain.shape == (32, 784)
    assert data.class_names == tuple("0123456789") and data.columns is None
    assert standardised(data).mean.ndim == 0
    assert load_file(table(rows[1:])).digest == data.digest  # without its header


@pytest.mark.parametrize("written, classes", [
    (["1", "2", "3"], ("1", "2", "3")), (["0.0", "1.0", "2.0"], ("0", "1", "2")),
    (["10", "9", "-1"], ("-1", "9", "10")), (["b", "1", "a"], ("1", "a", "b")),
])  # fmt: skip
def test_classes_are_renamed_in_words(table, written, classes):
    data = load_file(table([[i, written[i % 3]] for i in range(12)]), labels="2")
    assert data.class_names == classes
    assert any(note.startswith("classes: ") for note in data.notes) is (classes != ("0", "1", "2"))
    i = int(data.xtrain[0, 0])
    assert float(classes[data.ytrain[0]]) == float(written[i % 3]) if "a" not in classes else True


def changed(row, column, text):
    rows = [list(cells) for cells in ROWS]
    rows[row][column] = text
    return [NAMES, *rows]


@pytest.mark.parametrize("rows, words", [
    (changed(6, 1, ""), "row 7 (line 8), column 'length': a value is missing"),
    (changed(6, 1, "NA"), "row 7 (line 8), column 'length': a value is missing ('NA')"),
    (changed(6, 1, "nan"), "row 7 (line 8), column 'length': a value is missing ('nan')"),
    (changed(0, 0, "inf"), "row 1 (line 2), column 'weight': 'inf' is not finite"),
    (changed(2, 0, "3,5"), "row 3 (line 4), column 'weight': '3,5' is not a number; decimals are written with a point"),
    (changed(2, 0, "heavy"), "row 3 (line 4), column 'weight': 'heavy' is not a number"),
    (changed(9, 3, " "), "row 10 (line 11), column 'species': the label is missing"),
    ([NAMES, *ROWS[:3], ["1", "2"]], "row 4 (line 5) has 2 cells, the first line 4"),
    ([NAMES], "there are no rows in it"),
    ([], "there are no rows in it"), ([[], []], "there are no rows in it"),
    ([["label"], ["a"], ["b"]], "there is no column beside the label column"),
    ([NAMES, *([*row[:3], "owl"] for row in ROWS)], "all labels are owl: there must be two classes or more"),
    ([NAMES, *([*row[:3], i] for i, row in enumerate(ROWS))], "30 different labels in 30 rows are no classes"),
    ([NAMES, *([*row[:3], i / 8] for i, row in enumerate(ROWS))], "row 2: the label 0.125 is neither a word nor"),
    ([NAMES, *(["1", "1", "1", i % 2] for i in range(30))], "all columns are constant"),
])  # fmt: skip
def test_what_is_wrong_with_a_table_names_row_and_column(table, rows, words):
    path = table(rows)
    message = error_of(load_file, path)
    assert message.startswith(f"{path}: ") and words in message


def test_a_column_of_one_word_is_constant(table):
    """A name that is the same in each row says nothing: it is dropped like a constant number, and that is said."""
    path = table([[*NAMES[:3], "station", NAMES[3]], *([*row[:3], "A1", row[3]] for row in ROWS)])
    data = load_file(path)
    assert data.xtrain.shape[1] == load_file(table([NAMES, *ROWS])).xtrain.shape[1]
    assert any(note.startswith("dropped, since constant: ") and "'station'" in note for note in data.notes)
    rows = [[*row[:3], "A1" if i else "B2", row[3]] for i, row in enumerate(ROWS)]
    path = table([[*NAMES[:3], "station", NAMES[3]], *rows])
    assert "row 2 (line 3), column 'station" in error_of(load_file, path)


def test_bytes_that_are_no_table_are_one_line(tmp_path):
    path = tmp_path / "x.csv"
    for data, words in [
        (b"a,b,label\n1,\xe9,2\n", "not a CSV file in UTF-8"),
        ("a,b\n1,2\n".encode("utf-16"), "not a CSV file in UTF-8"),
        (b'a,label\n"1,2\n', "cannot be read as a CSV file (unexpected end of data)"),
        (b"a,label\n" + b"1" * 200_000 + b",2\n", "cannot be read as a CSV file (field larger than field limit"),
        (gzip.compress(b"a,label\n" + b"1,2\n" * 1000)[:-20], "cannot be read"),
        (b"\x89PNG\r\n\x1a\n", "a picture is no data set"),
        (b"", "there are no rows in it"),
    ]:
        path.write_bytes(data)
        assert words in error_of(load_file, str(path))
    assert "cannot be read (No such file or directory)" in error_of(load_file, str(tmp_path / "none.csv"))
    assert "cannot be read (Is a directory)" in error_of(load_file, str(tmp_path))


def test_a_column_that_is_not_there_lists_those_that_are(table):
    message = error_of(load_file, table([NAMES, *ROWS]), labels="colour")
    assert "colour" in message and (
        "no such column" in message or "'weight', 'length', 'station', 'species'" in message
    )


def test_a_test_set_has_its_columns_by_name(table):
    train = table([NAMES, *ROWS])
    turned = table([NAMES[::-1], *(row[::-1] for row in ROWS[:5])], "test.csv")
    data = load_file(train, final=True, test=turned)
    assert data.xtrain.shape == (30, 2) and data.xval.tolist() == [[i + 0.5, i * i] for i in range(5)]
    assert [data.class_names[c] for c in data.yval] == [row[3] for row in ROWS[:5]]
    assert "--final needs a test set" in error_of(load_file, train, final=True)
    other = table([NAMES, ["1", "2", "3", "eagle"], *ROWS[:3]], "test.csv")
    assert "row 1 of the test set is of class eagle, which was not trained" in error_of(
        load_file, train, True, None, other
    )
    fewer = table([NAMES[1:], *(row[1:] for row in ROWS)], "test.csv")
    assert "other columns: 'weight'" in error_of(load_file, train, True, None, fewer)
    no_labels = table([NAMES[:3], *(row[:3] for row in ROWS)], "test.csv")
    assert "there is no column 'species'" in error_of(load_file, train, True, None, no_labels)


def test_a_labels_file_goes_with_a_table_of_features(table):
    features = table([NAMES[:3], *(row[:3] for row in ROWS)], "x.csv")
    labels = table([["species"], *([row[3]] for row in ROWS)], "y.csv")
    assert load_file(features, labels=labels).digest == load_file(table([NAMES, *ROWS])).digest
    short = table([[row[3]] for row in ROWS[:7]], "y.csv")
    assert "30 instances, but 7 labels" in error_of(load_file, features, labels=short)


def test_data_sets_by_name_take_no_files_beside_them(table):
    with pytest.raises(ValueError, match="^digits has its own labels and test set"):
        load("digits", test=table([NAMES, *ROWS]))


# Arrays and IDX


def test_keras_layout(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (60, 28, 28), np.uint8), rng.integers(0, 10, 60).astype(np.uint8)
    y[:10] = range(10)
    expected = None
    for labels in (y, y[:, None], np.eye(10)[y], y.astype(float)):
        np.savez(tmp_path / "m.npz", x_train=x[:50], y_train=labels[:50], x_test=x[50:], y_test=labels[50:])
        data = load_file(str(tmp_path / "m.npz"), final=True)
        assert data.image_shape == (28, 28) and np.array_equal(data.xval, x[50:].reshape(10, -1))
        assert data.digest == (expected := expected or data.digest) and data.ytrain.tolist() == y[:50].tolist()
    np.savez(tmp_path / "m.npz", x_train=rng.random((20, 4, 4, 3)), y_train=np.array(["cat", "dog"] * 10))
    data = load_file(str(tmp_path / "m.npz"))
    assert data.xtrain.shape == (16, 48) and data.image_shape is None and data.class_names == ("cat", "dog")
    np.savez(tmp_path / "m.npz", pictures=x)
    assert "needs arrays x_train and y_train (or x and y), and has 'pictures'" in error_of(read_npz, tmp_path / "m.npz")
    np.savez(tmp_path / "m.npz", x=np.array([{}], object), y=y)
    assert "not a whole .npz file of arrays (ValueError: Object arrays" in error_of(read_npz, tmp_path / "m.npz")
    np.savez(tmp_path / "m.npz", x=x.astype(float) * np.nan, y=y)
    assert "x[0, 0, 0] is nan" in error_of(load_file, str(tmp_path / "m.npz"))


@pytest.mark.parametrize("kind, dtype", [(8, "u1"), (9, "i1"), (11, "i2"), (12, "i4"), (13, "f4"), (14, "f8")])
def test_idx_of_any_type_and_origin(kind, dtype, tmp_path):
    array = (np.arange(60) % 7).reshape(20, 3).astype(dtype)
    (tmp_path / "x").write_bytes(idx(array, kind))
    (tmp_path / "x.gz").write_bytes(gzip.compress(idx(array, kind)))
    for name in ("x", "x.gz"):
        found = read_idx_file(tmp_path / name)
        assert np.array_equal(found, array) and found.dtype.isnative and found.flags.writeable


def test_idx_images_find_their_labels(tmp_path):
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (30, 5, 5), np.uint8), np.arange(30, dtype=np.uint8) % 3
    for part in ("train", "t10k"):
        (tmp_path / f"{part}-images.idx3-ubyte").write_bytes(idx(x))
        (tmp_path / f"{part}-labels.idx1-ubyte").write_bytes(idx(y))
    (tmp_path / "other").write_bytes(idx(y))
    path, test = (str(tmp_path / f"{part}-images.idx3-ubyte") for part in ("train", "t10k"))
    data = load_file(path, final=True, test=test)
    assert data.image_shape == (5, 5) and data.ytrain.tolist() == y.tolist() and len(data.yval) == 30
    assert load_file(path, final=True, test=test, labels=str(tmp_path / "other")).digest == data.digest
    (tmp_path / "train-labels.idx1-ubyte").unlink()
    assert "there are no labels with it: name the file of its labels by --labels" in error_of(load_file, path)


def test_an_idx_header_that_promises_more_is_not_believed(tmp_path):
    path = tmp_path / "x"
    for packed in (lambda data: data, gzip.compress):
        for data in (
            bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**31, 2**31, 2**31),
            bytes([0, 0, 8, 1]) + struct.pack(">I", 10) + bytes(9),
            bytes([0, 0, 8, 1]) + struct.pack(">I", 10) + bytes(2_000_000),
            bytes([0, 0, 8, 3, 0, 0]),
            bytes([0, 0, 8, 0]),
        ):
            path.write_bytes(packed(data))
            assert "not a whole IDX file" in error_of(read_idx_file, path)


# Damage


def test_damaged_files_are_read_or_refused_in_one_line(table, tmp_path):
    """Nothing but a DataError of one line comes out of 1,500 damaged files with fixed seeds."""
    rng = random.Random(0)
    np.savez(tmp_path / "m.npz", x_train=np.zeros((20, 4, 4), np.uint8), y_train=np.arange(20) % 2)
    np.savez_compressed(tmp_path / "c.npz", x=np.random.default_rng(0).random((20, 4)), y=np.arange(20) % 2)
    (tmp_path / "x").write_bytes(idx(np.zeros((20, 3, 3), np.uint8)))
    (tmp_path / "y").write_bytes(idx((np.arange(20) % 2).astype(np.uint8)))
    table([NAMES, *ROWS])
    (tmp_path / "p.csv.gz").write_bytes(gzip.compress((tmp_path / "birds.csv").read_bytes()))
    refused = read = 0
    for name in ("birds.csv", "p.csv.gz", "m.npz", "c.npz", "x"):
        whole = (tmp_path / name).read_bytes()
        for _ in range(300):
            path = tmp_path / "damaged"
            path.write_bytes(damaged(whole, rng))
            try:
                load_file(str(path), labels=str(tmp_path / "y") if name == "x" else None)
                read += 1
            except DataError as error:
                refused += 1
                assert "\n" not in str(error) and str(path) in str(error)
    assert read and refused > 1_000


# A table for a network that knows its columns


def test_a_table_to_predict_has_the_columns_by_name_or_by_place(table):
    known = columns_known(("weight", "length", "station"), (1, 0), 3)
    expected = [[float(row[1]), float(row[0])] for row in ROWS]
    for rows in (
        [NAMES, *ROWS], [NAMES[2::-1], *(row[2::-1] for row in ROWS)], ROWS, [row[:3] for row in ROWS],
        [["id", *NAMES[:2]], *(["no number", *row[:2]] for row in ROWS)],
    ):  # fmt: skip
        assert read_csv(table(rows), known).x.tolist() == expected
    wrong = table([["a", "b", "c"], *(row[:3] for row in ROWS)])
    assert "needs columns that are not there: 'length', 'weight'" in error_of(read_csv, wrong, known)
    assert "there are 2 columns, and the model takes 3" in error_of(read_csv, table([row[:2] for row in ROWS]), known)


def test_features_of_a_table_are_pictures_only_if_all_of_it_says_so(table):
    whole = np.arange(128.0).reshape(2, 64)
    assert features_of(whole)[1] == (8, 8)
    for other in (whole + 0.5, whole + 1, whole * 3, whole[:, :63], whole / 200):
        assert features_of(other)[1] is None
    assert read_csv(table([["a", "b"], [1, 2]]), all_features).labels is None
