"""The adversarial objectives side by side: same networks, data and images seen. Writes docs/gan-family.md.

    python benchmarks/gan_family.py RUN [RUN ...] [-n 956] [--page docs/gan-family.md] [--json FILE]

RUN: run folders of configs/{dcgan,lsgan,wgan,wgan_gp}_faces64.yaml, which keep their checkpoints; a run that still
trains is measured as far as it is. Every checkpoint draws the same latents; KID and Frechet distance (dlib-face) are
against the held-back colour faces, MS-SSIM is between drawings. A Gaussian in PCA space says what has to be beaten,
the training faces what cannot be. What was measured stays in RUN/gan_family.json: a checkpoint takes some 40 seconds,
so a run may be measured as soon as it is trained, with `--page output/one.md`. In the page, only what stands between
the two marks is written; pictures, all of drawings, go to images/ beside it. Exit code 1 where a run's best checkpoint
is not below the Gaussian.
"""

import hashlib
import json
from pathlib import Path

from harness import JSON, RUNS, SEED, Figures, Namespace, Result, argument, benchmark, cell, chart, kid_to, markdown

import numpy as np

from gan_faces import FLOOR, GAUSSIAN, drawn, faces, gaussian_faces, one_size
from ppgen.errors import ConfigError
from ppgen.io.atomic import write_json, write_text
from ppgen.io.image import save_image
from ppgen.latent.sheet import sheet
from ppgen.metrics.features import DLIB_FACE, extractor
from ppgen.metrics.fid import frechet_distance, gaussian
from ppgen.metrics.ms_ssim import diversity
from ppgen.metrics.reference import cached_features
from trained import Run, networks_at, read_run

BEGIN, END = "<!-- measured: benchmarks/gan_family.py -->", "<!-- /measured -->"
STORE = "gan_family.json"
GRID = 8  # rows and columns of a sample grid
SMOOTHED = 15  # parts of a run, of which a running mean takes one
PAGE = f"""# One network, several objectives

## Measured
{BEGIN}
{END}

## What is said of them, and what is seen here
"""


def score(pictures: np.ndarray, held: list[np.ndarray], known: bool = False) -> dict[str, float]:
    """KID with its error, Frechet distance and MS-SSIM of pictures uint8 (n, S, S, 3).

    known: real pictures, whose features are kept.
    """
    network = extractor(DLIB_FACE)
    real = cached_features(network, held)
    fake = cached_features(network, list(pictures)) if known else network(pictures)
    alike, alike_error = diversity(pictures[:500])
    # not `fid`, which wants 320 pictures a side: with the same numbers everywhere the bias is the same everywhere
    frechet = frechet_distance(gaussian(real), gaussian(fake))
    return kid_to(real, fake) | {"fid": frechet, "ms_ssim": alike, "ms_ssim_error": alike_error}


def measure(run: Run, held: list[np.ndarray], count: int, seed: int) -> dict[int, dict[str, float]]:
    """Step -> scores of every checkpoint that is there; those measured before are read from the run's folder."""
    store = run.folder / STORE
    asked = {"n": count, "seed": seed, "held_back": len(held)}
    kept = json.loads(store.read_text()) if store.is_file() else {}
    known = kept["scores"] if kept.get("asked") == asked else {}  # by a checkpoint's digest: a step may be taken anew
    model, scores = run.model(), {}
    for step, place in run.places().items():
        digest = hashlib.sha256((place / "state.json").read_bytes()).hexdigest()
        if digest not in known:
            network = networks_at(model, place)["generator"]
            known[digest] = score(drawn(run.folder.name, network, count, seed), held)
            write_json(store, {"asked": asked, "scores": known})
        scores[step] = known[digest]
    return scores


def verdicts(run: Run, steps: list[int]) -> dict[str, list[float]]:
    """What the log says about the discriminator, as means of the tenth of the run that ends at each step."""
    width, said = max(1, steps[-1] // 10), {}
    for name in ("distance", "d_real", "d_fake"):
        rows = [(row["step"], row[name]) for row in run.log if name in row]
        if rows:
            at = [[value for step, value in rows if end - width < step <= end] for end in steps]
            said[name] = [float(np.mean(values)) if values else float("nan") for values in at]
    return said


def rank_correlation(a: list[float], b: list[float]) -> float | None:
    """Spearman's, of the places that are known; None for fewer than four."""
    kept = np.isfinite(a) & np.isfinite(b)
    ranks = [np.argsort(np.argsort(np.asarray(side)[kept])) for side in (a, b)]
    return float(np.corrcoef(*ranks)[0, 1]) if kept.sum() >= 4 else None


def describe(run: Run, scores: dict[int, dict[str, float]]) -> Figures:
    """The row of a run: its best checkpoint by KID, its last one, time, what its discriminator said."""
    steps, says = list(scores), verdicts(run, list(scores))
    best = min(scores, key=lambda step: scores[step]["kid"])
    judge = says.get("distance") or says.get("d_real")
    row = {
        "recipe": recipe(run.config), "best_step": best, "best_images": run.images(best), "best": scores[best],
        "last": scores[steps[-1]], "images": run.images(steps[-1]), "verdicts": says, "hours": run.hours(),
        "judge_and_kid": rank_correlation(judge, [scores[s]["kid"] for s in steps]) if judge else None,
    }  # fmt: skip
    return row | {"curve": [{"images": run.images(step), **scored} for step, scored in scores.items()]}


def recipe(config: Figures) -> dict[str, str]:
    """What a config does its own way: the steps of a generator, the critic's normalization, the optimizer."""
    model, batch = config["model"], config.get("loader", {}).get("batch_size", 4)
    every, adam = model.get("generator_every") or 1, config.get("optimizer", {}).get("generator", {})
    settings = [f"{key} {adam[key]:g}" for key in ("learning_rate", "beta1", "beta2") if key in adam]
    return {
        "objective": str(model.get("objective", "vanilla")),
        "discriminator's norm": str(model["discriminator"].get("norm", "batch")),
        "generator's steps": f"{config.get('total_iters', 0) // every} of {batch}",
        "optimizer": ", ".join([str(adam.get("name", "Adam")), *settings]),
    }


def title_of(run: Run) -> str:
    """ "LSGAN" of a card titled "LSGAN, faces at 64 pixels"; else the folder's name."""
    return run.config.get("card", {}).get("title", run.folder.name).split(",")[0]


def curves(figures: Figures, path: Path) -> None:
    """KID and Frechet distance over images seen; the Gaussian and the training faces as lines."""
    with chart(path) as plots:
        for axes, key, label in zip(plots, ("kid", "fid"), ("KID", "Frechet distance")):
            for name, row in figures["runs"].items():
                points = [(point["images"] / 1000, point[key]) for point in row["curve"]]
                axes.plot(*zip(*points), marker="o", markersize=3, label=name)
            for (name, row), style in zip(figures["references"].items(), ("--", ":"), strict=True):
                if row[key] > 0:
                    axes.axhline(row[key], color="0.4", linestyle=style, label=name)
                else:  # a logarithm has no place for it
                    axes.plot([], [], " ", label=f"{name}: {row[key]:.4f}")
            axes.set(xlabel="thousand images seen", ylabel=f"{label} ({DLIB_FACE})", yscale="log")


def verdict_curves(runs: list[Run], path: Path) -> None:
    """What the discriminators said while they learnt: D(x) and D(G(z)), and the critics' distances; running means."""
    with chart(path) as (both, critics):
        for place, run in enumerate(runs):
            for key, axes, style in (("d_real", both, "-"), ("d_fake", both, "--"), ("distance", critics, "-")):
                rows = [(run.images(row["step"]) / 1000, row[key]) for row in run.log if key in row]
                if rows:
                    images, values = np.array(rows).T
                    width = max(1, len(values) // SMOOTHED)
                    smooth = np.convolve(values, np.ones(width) / width, "valid")
                    says = {"d_real": ", D(x)", "d_fake": ", D(G(z))", "distance": ""}[key]
                    axes.plot(images[width - 1 :], smooth, style, color=f"C{place}", label=title_of(run) + says)
        both.axhline(0.5, color="0.4", linestyle=":", label="undecided")
        both.set(xlabel="thousand images seen", ylabel="mean answer of the discriminator")
        critics.set(xlabel="thousand images seen", ylabel="the critic's distance", yscale="log")


def table(figures: Figures) -> str:
    """The measured part of the page."""
    rows, ranked = {}, sorted(figures["runs"], key=lambda name: figures["runs"][name]["best"]["kid"])
    for name, row in figures["runs"].items():
        best, last = row["best"], row["last"]
        says = ", ".join(f"{key} {values[-1]:.2f}" for key, values in row["verdicts"].items())
        rows[name] = {
            "KID, best checkpoint": cell(best, "kid"), "rank": ranked.index(name) + 1,
            "at images": row["best_images"], "KID at the end": cell(last, "kid"),
            "Frechet distance, best": best["fid"], "MS-SSIM, best": cell(best, "ms_ssim"),
            "hours of steps": row["hours"], "D or critic at the end": says,
            "critic or D(x), and KID": row["judge_and_kid"],
        }  # fmt: skip
    for name, row in figures["references"].items():
        real = {"KID, best checkpoint": cell(row, "kid"), "Frechet distance, best": row["fid"]}
        rows[name] = real | {"MS-SSIM, best": cell(row, "ms_ssim")}
    return markdown(rows)


def recipes(figures: Figures) -> str:
    """What the runs do differently, a row each."""
    return markdown({name: row["recipe"] for name, row in figures["runs"].items()})


def measured_part(figures: Figures, pictures: list[tuple[str, str]]) -> str:
    """Protocol, table, pictures."""
    seen = sorted({row["images"] for row in figures["runs"].values()})
    text = [
        f"{figures['n']} drawings a checkpoint from the same latents, against {figures['held_back']} held-back colour",
        f"faces at {figures['size']} pixels; images seen: {', '.join(map(str, seen))}; one seed each. KID and Frechet",
        f"distance over {DLIB_FACE}; the latter is biased by so few held-back faces, equally for all. The best",
        "checkpoint is chosen by the KID that is reported. MS-SSIM between drawings is near that of the training",
        "faces where they are as varied, and higher where drawings repeat. The last column is Spearman's correlation",
        "over the checkpoints of what the discriminator says (the critic's distance, or D(x)) with KID. Hours are of",
        "training steps, without validations, samples and checkpoints.",
        "",
        table(figures),
        "",
        "The generators are the same, and so are the discriminators but for the normalization; what else differs:",
        "",
        recipes(figures),
        *(f"\n![{name}](images/{file})" for name, file in pictures),
    ]
    return "\n".join(text)


def write_page(page: Path, part: str) -> None:
    """Renew what stands between the marks; a page that is not there is begun. ConfigError where marks are missing."""
    text = page.read_text() if page.is_file() else PAGE
    before, begun, rest = text.partition(BEGIN)
    _, closed, after = rest.partition(END)
    if not (begun and closed):
        raise ConfigError(f"{page}: has no lines {BEGIN} and {END}, between which the figures go")
    write_text(page, f"{before}{BEGIN}\n{part}\n{END}{after}")


def measure_all(runs: list[Run], count: int, seed: int) -> Figures:
    """All figures. ConfigError where the runs draw different sizes, or two have one title."""
    titles = [title_of(run) for run in runs]
    if len(set(titles)) < len(titles):
        raise ConfigError(f"two runs of one kind: {', '.join(titles)}")
    size = one_size({run.folder: run.model().networks["generator"] for run in runs})
    train, held = faces(size, "train"), faces(size, "validation")
    references = {FLOOR: score(np.stack(train), held, known=True),
                  GAUSSIAN: score(gaussian_faces(train, count, seed), held)}  # fmt: skip
    rows = {title: describe(run, measure(run, held, count, seed)) for title, run in zip(titles, runs)}
    return {"size": size, "n": count, "seed": seed, "held_back": len(held), "references": references, "runs": rows}


def draw_pictures(figures: Figures, runs: list[Run], folder: Path, seed: int) -> list[tuple[str, str]]:
    """(title, file name) of the curves and of each run's grid, written into `folder`."""
    written = [("KID and Frechet distance over images seen", "gan_family_curves.png")]
    curves(figures, folder / written[0][1])
    written.append(("What the discriminators and critics said while they learnt", "gan_family_verdicts.png"))
    verdict_curves(runs, folder / written[1][1])
    for run in runs:
        title = title_of(run)
        best = figures["runs"][title]["best_step"]
        network = networks_at(run.model(), run.places()[best])["generator"]
        name = f"gan_family_{title.lower().replace('-', '_').replace(' ', '_')}.png"
        heading = f"{title} after {run.images(best)} images seen; the first {GRID**2} latents, not chosen"
        save_image(folder / name, sheet(drawn(title, network, GRID**2, seed), columns=GRID, heading=heading))
        written.append((f"{title}: not chosen, the first {GRID**2} latents", name))
    return written


@benchmark(
    __doc__,
    RUNS,
    argument("-n", type=int, default=956, help="drawings a checkpoint (default: as many as training faces)"),
    SEED,
    argument("--page", type=Path, default=Path("docs/gan-family.md")),
    JSON,
)
def main(options: Namespace) -> Result:
    runs = [read_run(folder) for folder in options.runs]
    figures = measure_all(runs, options.n, options.seed)
    pictures = draw_pictures(figures, runs, options.page.parent / "images", options.seed)
    write_page(options.page, measured_part(figures, pictures))
    bar = figures["references"][GAUSSIAN]["kid"]
    reached = all(row["best"]["kid"] < bar for row in figures["runs"].values())
    return Result(figures, reached, table(figures))
