from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from styletools.errors import InputError
from styletools.sweeps.run import Run
from styletools.sweeps.store import Store, sees


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "out")


def runs_of(store):
    return [Run("transfer", {"seed": n}, store.pictures / f"{n}.png", {"seed": str(n)}) for n in range(4)]


def test_what_is_there_is_done(store):
    runs = runs_of(store)
    runs[1].target.write_bytes(b"a picture")
    (store.pictures / ".2.png").write_bytes(b"")
    assert store.left(runs) == [runs[0], runs[2], runs[3]]


def test_what_failed_is_left_alone_unless_it_is_to_be_tried_again(store):
    runs = runs_of(store)
    store.note_failure(runs[2], "step 3: NaN")
    assert store.failure(runs[2]) == "step 3: NaN"
    assert store.failure(runs[0]) == ""
    assert runs[2] not in store.left(runs)
    assert runs[2] in store.left(runs, retry=True)
    assert json.loads((store.failed / "2.json").read_text())["arguments"] == {"seed": 2}
    store.forget_failure(runs[2])
    assert runs[2] in store.left(runs)


def test_a_damaged_note_is_a_failure_still(store):
    (store.failed / "0.json").write_text("{")
    assert "cannot be read" in store.failure(runs_of(store)[0])


def test_a_worker_sees_the_same_folder_or_not(store, tmp_path):
    store.begin({"recipe": "transfer"})
    assert sees(store.folder, store.token)
    assert not sees(tmp_path, store.token)
    Store(store.folder).begin({})
    assert not sees(store.folder, store.token)


def test_a_folder_that_cannot_be_made(tmp_path):
    with pytest.raises(InputError, match="there is no folder"):
        Store(tmp_path / "no" / "where")
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot write to the folder"):
        Store(tmp_path / "file")
    assert not os.path.exists(Path(tmp_path, "no"))
