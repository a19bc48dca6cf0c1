"""The page of a run: what it holds, that nothing in a run can become markup, and that a browser draws it."""

import json
import re
import shutil
import subprocess

import numpy as np
import pytest
import yaml

from ppgen.engine.curves import Curves, points_for, thin
from ppgen.engine.page import RunPage
from ppgen.errors import OutputError
from ppgen.io.image import save_image

EVIL = "</script><script>document.title='owned'</script><!--<b>&"


def _append(folder, *rows):
    with (folder / "log.jsonl").open("a") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def _row(step, **more):
    return {"step": step, "images": 4 * step, "hours": step / 100, "d": 1 / step, **more}


@pytest.fixture
def run(tmp_path):
    """A run folder as a training leaves it."""
    folder = tmp_path / "dcgan-1"
    (folder / "samples").mkdir(parents=True)
    _append(folder, *(_row(s, d_real=0.5, rate_factor=1.0, eta_hours=2.5) for s in range(20, 820, 20)))
    _append(folder, {"step": 800, "val_kid": 0.02})
    for step in (400, 800):
        save_image(folder / "samples" / f"step_{step:08d}.png", np.full((8, 16, 3), step % 255, np.uint8))
    (folder / "config.yaml").write_text(yaml.safe_dump({"total_iters": 1000, "model": {"name": EVIL}}))
    (folder / "history.jsonl").write_text(json.dumps({"step": 0, "command": f"main.py -c {EVIL}"}) + "\n")
    return folder


def _data(page):
    """The JSON block of a page."""
    found = re.findall(r'<script id="data" type="application/json">(.*?)</script>', page.read_text(), re.DOTALL)
    assert len(found) == 1
    return json.loads(found[0], parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_the_page_tells_the_state_of_the_run_and_groups_its_curves(run):
    data = _data(RunPage(run, losses={"d"}).write())
    assert {k: data["state"][k] for k in ("step", "total", "images", "eta_hours")} == {
        "step": 800,
        "total": 1000,
        "images": 3200,
        "eta_hours": 2.5,
    }
    groups = {curve["name"]: curve["group"] for curve in data["curves"]}
    assert groups == {"d": "losses", "d_real": "reports", "rate_factor": "speed", "kid": "scores"}
    assert data["samples"] == [[400, "step_00000400.png"], [800, "step_00000800.png"]]
    d = next(curve for curve in data["curves"] if curve["name"] == "d")
    assert data["axes"][d["axis"]][:2] == [20, 40] and d["y"][:2] == [0.05, 0.025]


def test_what_the_log_does_not_say_is_worked_out_from_its_rows(run):
    (run / "log.jsonl").write_text("")
    _append(run, _row(100), _row(200), _row(300))  # 1 hour and 400 images each
    state = _data(RunPage(run).write())["state"]
    assert state["images_per_second"] == pytest.approx(400 / 3600)
    assert state["eta_hours"] == pytest.approx(7)
    assert state["wait_share"] is None


def test_nothing_of_a_run_becomes_markup(run):
    _append(run, _row(820, **{EVIL: 1.0}))
    text = RunPage(run).write().read_text()
    assert EVIL not in text and text.count("<script") == 2 and text.count("</script>") == 2
    data = _data(run / "index.html")
    assert EVIL in data["config"] and EVIL in data["history"][0]["command"]
    assert EVIL in [curve["name"] for curve in data["curves"]]


def test_marks_that_turn_the_writing_are_shown(run):
    turned = "loss\u202egnp\x1b[2J"
    _append(run, _row(840, **{turned: 1.0}))
    (run / "config.yaml").write_text(f"# {turned}\ntotal_iters: 1000\n")
    RunPage(run).write()
    data = _data(run / "index.html")
    assert data["config"] == "# loss\\u202egnp\\x1b[2J\ntotal_iters: 1000\n"
    assert "loss\\u202egnp\\x1b[2J" in [curve["name"] for curve in data["curves"]]


def test_the_page_needs_nothing_from_elsewhere(run):
    text = RunPage(run).write().read_text()
    assert not re.search(r"(src|href)\s*=\s*[\"']?\s*(https?:)?//", text)
    assert "default-src 'none'" in text and "fetch(" not in text and "import " not in text.split("<script>")[1]


def test_a_value_that_is_not_finite_is_a_gap_and_said(run):
    _append(run, _row(820, d_real=float("nan")), _row(840, d_real=float("inf")))
    curve = next(c for c in _data(RunPage(run).write())["curves"] if c["name"] == "d_real")
    assert curve["y"][-2:] == [None, None] and curve["broken"] == 820


def test_best_weights_show_their_scores(run):
    from safetensors.numpy import save_file

    card = {"step": 600, "scores": {"kid": 0.01, "fid": float("nan")}}
    described = {"class": "Any", "args": "{}", "card": json.dumps(card)}
    save_file({"w": np.zeros(1, np.float32)}, run / "best.safetensors", metadata=described)
    assert _data(RunPage(run).write())["state"]["best"] == {"step": 600, "scores": {"kid": 0.01, "fid": None}}
    (run / "best.safetensors").write_bytes(b"damaged")
    assert _data(RunPage(run).write())["state"]["best"] is None


def test_an_empty_folder_has_a_page_and_none_has_an_error(tmp_path):
    data = _data(RunPage(tmp_path).write())
    assert data["curves"] == [] and data["state"]["step"] == 0
    with pytest.raises(OutputError, match="no such run folder"):
        RunPage(tmp_path / "missing").write()


@pytest.mark.parametrize("name, text", [("config.yaml", "a: [1"), ("config.yaml", "- 1"), ("history.jsonl", "1\n{")])
def test_a_file_that_a_person_is_editing_ends_no_training(run, name, text):
    (run / name).write_text(text)
    assert _data(RunPage(run).write())["state"]["step"] == 800


def test_only_new_lines_are_read_and_a_rewritten_log_is_read_anew(run):
    page = RunPage(run)
    page.write()
    with (run / "log.jsonl").open("a") as file:
        file.write(json.dumps(_row(820)) + "\n" + '{"step": 84')
    assert _data(page.write())["state"]["step"] == 820
    with (run / "log.jsonl").open("a") as file:
        file.write('0, "d": 7.5}\n')
    curves = {curve["name"]: curve for curve in _data(page.write())["curves"]}
    assert curves["d"]["rows"] == 42 and curves["d"]["y"][-1] == 7.5
    kept = (run / "log.jsonl").read_text().splitlines()[:10]  # a resume from step 200
    (run / "new").write_text("\n".join(kept) + "\n")
    (run / "new").replace(run / "log.jsonl")
    data = _data(page.write())
    assert data["state"]["step"] == 200 and {c["name"] for c in data["curves"]} == {"d", "d_real", "rate_factor"}


def test_rows_of_lazy_phases_texts_and_damaged_lines_keep_the_order(tmp_path):
    path = tmp_path / "log.jsonl"
    rows = [{"step": s, "d": float(s), **({"r1": s / 2} if s % 2 else {"note": "even"})} for s in range(1, 8)]
    rows += [{"step": 8, "d": None}, {"step": 9, "d": "high"}, {"step": 10, "d": True}, {"step": 11, "d": 11}, {"d": 4}]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + "not JSON\n[1]\n")
    curves = Curves(path)
    curves.read()
    steps, values = curves.series["d"]
    assert list(steps) == [1, 2, 3, 4, 5, 6, 7, 11] == list(values)
    assert list(curves.series["r1"][0]) == [1, 3, 5, 7]
    assert set(curves.series) == {"d", "r1"} and curves.newest_step() == 11


def test_thinning_keeps_spikes_means_and_the_last_step():
    steps = np.arange(1, 100_001)
    values = np.ones(100_000)
    values[12_345], values[50_000:50_300] = 99.0, np.nan
    found = thin(steps, values)
    assert sum(found[key].size for key in ("y", "low", "high")) <= 1500
    assert found["x"][-1] == 100_000 and np.nanmax(found["high"]) == 99.0 and np.nanmin(found["low"]) == 1.0
    assert np.isnan(found["y"]).sum() == 1  # stretches are 200 long; half of the second one is finite
    assert np.nanmean(found["y"]) == pytest.approx(1 + 98 / 100_000, abs=1e-4)
    assert thin(steps[:1500], values[:1500])["y"].size == 1500


def test_many_curves_share_what_a_page_may_weigh(tmp_path):
    _append(tmp_path, *({"step": s, **{f"norm/{k}": s * 1.234567 for k in range(200)}} for s in range(1, 500)))
    assert RunPage(tmp_path).write().stat().st_size < 1_000_000
    assert points_for(1) == 1500 and points_for(200) * 200 <= 45_000 and points_for(10**6) == 150


# ---- in a browser ------------------------------------------------------------------------------------------

TRY = """
<script>
const seen = [];
addEventListener("error", event => seen.push(event.message));
addEventListener("load", () => {
  const figure = document.querySelectorAll("figure")[1], box = figure.querySelector("svg");
  const area = box.getBoundingClientRect(), at = (path, name) => figure.querySelector(path).getAttribute(name);
  const curves = () => at("path.line", "d");
  const plain = curves();
  document.getElementById("log").click();
  const log = curves();
  box.dispatchEvent(new PointerEvent("pointermove", { clientX: area.left + area.width / 2, clientY: area.top + 5 }));
  const hovered = figure.querySelector("figcaption div").textContent;
  document.getElementById("back").click();
  document.body.dataset.tried = JSON.stringify({ seen, hovered, redrawn: plain !== log, hash: location.hash,
    cursor: at("line.cursor", "visibility"), picture: document.getElementById("picture").getAttribute("src"),
    wide: document.documentElement.scrollWidth <= innerWidth });
});
</script>
"""


def _in_browser(page, tmp_path):
    """The page's DOM after its script and TRY ran in headless Chromium, opened from disk on a phone's width."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("no Chromium here to open the page in")
    tried = page.with_name("tried.html")
    tried.write_text(page.read_text().replace("<body>", "<body>" + TRY, 1))
    quiet = (
        "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync".split()
    )
    try:
        done = subprocess.run(
            [chromium, *quiet, f"--user-data-dir={tmp_path / 'profile'}", "--window-size=500,900", "--dump-dom",
             "--virtual-time-budget=3000", tried.as_uri()],
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        pytest.skip("Chromium does not come up on this machine")
    return done.stdout


@pytest.mark.slow
def test_a_browser_draws_it_from_disk_and_its_controls_work(run, tmp_path):
    dom = _in_browser(RunPage(run).write(), tmp_path)
    assert "<title>80 % dcgan-1</title>" in dom
    assert dom.count("<figure") == 4 and dom.count('class="line"') == 3 + 1
    found = re.search(r'data-tried="([^"]*)"', dom)
    assert found, dom[:500]
    tried = json.loads(found[1].replace("&quot;", '"').replace("&amp;", "&"))
    assert tried["seen"] == [] and tried["redrawn"] and tried["wide"]
    assert re.match(r"step [34]\d0: 0.00[23]\d* smooth 0.00", tried["hovered"]) and tried["cursor"] == "visible"
    assert tried["picture"] == "samples/step_00000400.png"
    assert "log=1" in tried["hash"] and "sample=0" in tried["hash"]
