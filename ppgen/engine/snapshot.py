"""What a training has learnt so far, and how it is written, taken back, and handed to people."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from paddle import nn

from ppgen.config.validate import is_number
from ppgen.engine import checkpoint, distributed
from ppgen.engine.amp import Precision
from ppgen.engine.ema import Average
from ppgen.engine.optimizers import OptimizerState, build_optimizers
from ppgen.engine.settings import TrainingConfig
from ppgen.engine.state import (
    NetworkState,
    check_declared,
    check_finite,
    gather,
    grown,
    split_prefix,
    spread,
)
from ppgen.errors import ConfigError
from ppgen.io.weights import card_of, save_network
from ppgen.models.base import Model, Stateful
from ppgen.registry import unknown


class Snapshot:
    """All that changes while a training runs, so that it can be written down and taken back bit for bit.

    Args:
        folder: of the run.
        classes: the meanings of the labels, which the weights files tell.

    Attributes:
        averages: network -> its smoothed copy.
        step: steps done. seconds: spent in them. rollbacks: how often the run went back.
        best: the score of the weights that were kept as the best, or None.
    """

    def __init__(self, model: Model, config: TrainingConfig, folder: Path, classes: Sequence[str] = ()) -> None:
        self.model, self.config, self.folder, self.classes = model, config, folder, list(classes)
        check_declared(model)
        self._check_names("ema.networks", config.ema.networks)
        self._check_names("validate.network", [config.validate.network] if config.validate.metric else [])
        self.averages = {
            name: Average(model.networks[name], config.ema.half_life, config.ema.ramp_up)
            for name in config.ema.networks
        }
        self.precision = Precision(config.amp)
        self.optimizers = build_optimizers(config.optimizer, model)
        self.rates = {name: optimizer.get_lr() for name, optimizer in self.optimizers.items()}
        self.precision.decorate(model.networks, self.optimizers)
        self.step, self.seconds, self.rollbacks = 0, 0.0, 0
        self.best: float | None = None

    def _check_names(self, where: str, names: Iterable[str]) -> None:
        known = list(self.model.networks)
        for name in names:
            if name not in known:
                raise ConfigError(f"{where}: {unknown('network', name, known)}")

    @property
    def images(self) -> int:
        """Images seen in this training."""
        return self.step * self.config.loader.batch_size

    def smooth_networks(self) -> dict[str, nn.Layer]:
        """The networks people will use: averaged where there is an average."""
        return {**self.model.networks, **{name: average.network for name, average in self.averages.items()}}

    def networks_state(self) -> dict[str, Stateful]:
        """The networks that train, by name: what `weights.safetensors` holds."""
        return {name: NetworkState(name, network) for name, network in self.model.networks.items()}

    def other_state(self) -> dict[str, Stateful]:
        """All else that a resumed run must find as it was: what `state.safetensors` holds."""
        networks = self.model.networks
        return {
            **{f"ema.{name}": average for name, average in self.averages.items()},
            **{f"optimizer.{n}": OptimizerState(o, n, networks[n]) for n, o in self.optimizers.items()},
            **self._own_state(),
            "precision": self.precision,
        }

    def _own_state(self) -> dict[str, Stateful]:
        """What the recipe keeps, each process for itself."""
        return {f"model.{name}": part for name, part in self.model.stateful().items()}

    # ---- taken back --------------------------------------------------------------------------------------

    def load_weights(self, source: Path) -> None:
        """Start from the networks of a checkpoint folder, or of a run folder's newest checkpoint.

        StyleGAN2's may be of fewer pixels a side: the layers of the further resolutions then start anew. Averages go on
        as they were, and so does what a recipe says goes with its networks (the strength of ADA, the path length); an
        average that the other training had not begins at its network.
        """
        saved = checkpoint.load(checkpoint.newest(source / "checkpoints") or source)
        for name, part in self.networks_state().items():
            part.restore(grown(self.model.networks[name], split_prefix(saved.weights, name)))
        for name, average in self.averages.items():
            arrays = split_prefix(saved.state, f"ema.{name}") or split_prefix(saved.weights, name)
            average.restore(grown(average.network, arrays))
            average.go_on(saved.facts.get("averaged_images", {}).get(name))
        for name, part in self.model.stateful().items():
            arrays = split_prefix(saved.state, f"model.{name}")
            if arrays and name in self.model.goes_with_networks:
                part.restore(arrays)

    def resume(self, source: Path) -> None:
        """Go on exactly where a checkpoint was written.

        Raises:
            ConfigError: it belongs to a run with another seed.
            WeightsError: it cannot be read or belongs to other networks.
        """
        self.take(checkpoint.load(source), source)

    def resume_newest(self) -> list[str]:
        """Go on from the newest checkpoint of the run's folder that is whole; returns what is wrong with newer ones.

        All processes take the one that the first chooses.
        """
        root = self.folder / "checkpoints"
        source, saved, passed_over = checkpoint.load_newest(root)
        chosen = root / f"step_{distributed.agree(saved.facts['step']):08d}"
        self.take(saved if chosen == source else checkpoint.load(chosen), chosen)
        return passed_over

    def take(self, saved: checkpoint.Checkpoint, source: Path) -> None:
        """Be what a checkpoint holds; raises as `resume`, with the name `source`."""
        facts, seed = saved.facts, self.config.seed
        if facts.get("seed", seed) != seed:
            what = f"is of a run with seed {facts['seed']}, this config says {seed}"
            raise ConfigError(f"{source}: {what}; give --seed {facts['seed']} to go on, or start without --resume")
        averaged = {key.split(".")[1] for key in saved.state if key.startswith("ema.")}
        if averaged != set(self.averages):
            held, said = ", ".join(sorted(averaged)) or "no network", ", ".join(self.averages) or "none"
            what = f"holds averages of {held}, and ema.networks says {said}"
            raise ConfigError(f"{source}: {what}; set it back, or start a new run with --load {source}")
        spread(self.networks_state(), saved.weights)
        spread(self.other_state(), saved.state)
        mine = split_prefix(saved.state, f"rank{distributed.rank()}")
        if mine:  # what this process kept for itself; a run resumed with more processes starts them from the first's
            spread(self._own_state(), mine)
        self.step, self.seconds, self.rollbacks = facts["step"], facts.get("seconds", 0.0), facts.get("rollbacks", 0)
        for name, average in self.averages.items():
            average.earlier = facts.get("averaged_images", {}).get(name, self.images) - self.images
        self.best = self._score_of_best()

    def _score_of_best(self) -> float | None:
        """The score of the weights kept so far: a validation may have come after the checkpoint."""
        path = self.folder / "best.safetensors"
        if not path.is_file():
            return None
        card = card_of(path)
        scores, step = card.get("scores"), card.get("step")
        if isinstance(step, int) and step < self.config.validate.best_from:
            return None
        score = scores.get(self.config.validate.best) if isinstance(scores, dict) else None
        return score if is_number(score) else None

    # ---- written -----------------------------------------------------------------------------------------

    def save(self, together: bool = True) -> None:
        """Write a checkpoint of everything that has state; all processes must call this.

        Args:
            together: what the other processes keep for themselves (image pools) goes into it; False where only the
                first can come here.
        """
        own = gather(self._own_state())
        each = distributed.gather(own) if together else [own]
        if distributed.rank() == 0:
            averaged = {name: average.earlier + self.images for name, average in self.averages.items()}
            facts = {
                "seconds": self.seconds, "seed": self.config.seed, "rollbacks": self.rollbacks,
                "averaged_images": averaged,  # what the ramp of the averages goes by, wherever it goes on
            }  # fmt: skip
            weights, state = gather(self.networks_state()), gather(self.other_state())
            check_finite(weights, self.step)
            state |= {f"rank{n}.{k}": v for n, arrays in enumerate(each) if n for k, v in arrays.items()}
            checkpoint.save(self.folder / "checkpoints", self.step, weights, state, facts, self.config.checkpoint.keep)

    def keep_best(self, scores: dict[str, float], best: float) -> None:
        """The judged network as best.safetensors, in a file that describes itself and says its scores."""
        self.best, name = best, self.config.validate.network
        self._keep(name, self.folder / "best.safetensors", scores=scores)

    def keep_final(self) -> None:
        """Every network as people will use it, each in a file that describes itself."""
        for name in self.model.networks:
            self._keep(name, self.folder / "final" / f"{name}.safetensors")

    def _keep(self, name: str, path: Path, **more: object) -> None:
        """With what its file says of its training."""
        facts = {
            "network": name, "config": self.config.as_settings(), "seed": self.config.seed, "step": self.step,
            "images": self.images, "hours": round(self.seconds / 3600, 3),
            "processes": distributed.world_size(), **more, **({"classes": self.classes} if self.classes else {}),
        }  # fmt: skip
        save_network(self.smooth_networks()[name], path, card=facts)
