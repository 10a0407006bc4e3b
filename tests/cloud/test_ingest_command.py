"""`thinkaloud ingest` against the local cloud, over the real path."""

from __future__ import annotations

from pathlib import Path

from localcloud.cloud import LocalCloud
from tests.cloud.conversation import ask
from tests.console.command import Finished, environment, thinkaloud
from thinkaloud.client import Client, new_id


async def ingest(cloud: LocalCloud, folder: Path, *arguments: str) -> Finished:
    env = environment(THINKALOUD_TOKEN=cloud.token())
    return await thinkaloud("ingest", "--url", cloud.http_url, "--json", *arguments, cwd=folder, env=env)


async def test_a_folder_is_loaded_found_left_alone_and_deleted(
    cloud: LocalCloud, client: Client, session: str, tmp_path: Path
) -> None:
    folder = tmp_path / new_id("folder")
    (folder / "zh").mkdir(parents=True)
    (folder / "kettles.md").write_text("# Kettles\n\nThe kettle on the third floor holds 4.5 litres.\n")
    (folder / "zh" / "茶水间.md").write_text("# 茶水间\n\n三楼的热水壶容量是四升半。\n")
    (folder / "scan.png").write_bytes(b"\x89PNG\r\n")

    loaded = await ingest(cloud, tmp_path, folder.name)
    assert {frame["name"].rpartition("/")[2]: frame["code"] or frame["state"] for frame in loaded.frames[:-1]} == {
        "kettles.md": "ready",
        "茶水间.md": "ready",
        "scan.png": "unsupported",
    }
    assert loaded.code == 1

    for question, name in (
        ("How much does the kettle on the third floor hold?", "kettles.md"),
        ("三楼的热水壶容量是多少？", "zh/茶水间.md"),
    ):
        heard = await ask(client, question, session=session)
        assert heard.of("source")[0]["docs"][0]["uri"] == f"{folder.name}/{name}"

    (folder / "scan.png").unlink()
    again = await ingest(cloud, tmp_path, folder.name)
    assert [frame["state"] for frame in again.frames[:-1]] == ["unchanged", "unchanged"]
    assert again.code == 0

    deleted = await ingest(cloud, tmp_path, "--delete", folder.name)
    assert deleted.frames[-1]["deleted"] == 2
    assert deleted.code == 0
    heard = await ask(client, "How much does the kettle on the third floor hold?", session=session)
    uris = [doc["uri"] for frame in heard.of("source") for doc in frame["docs"]]
    assert not any(uri.startswith(folder.name) for uri in uris)
