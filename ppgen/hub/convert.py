"""Weights of PaddleGAN's, or of ours, into files that describe themselves."""

from pathlib import Path

from ppgen import hub
from ppgen.compat.names import Arguments, our_network_name
from ppgen.errors import WeightsError
from ppgen.hub import published, stylegan2
from ppgen.io.arrays import read_content
from ppgen.io.weights import save_network


def convert(source: Path, target: Path, network: str | None, arguments: Arguments, key: str | None) -> list[str]:
    """Weights of PaddleGAN's (or ours) -> a safetensors file that describes itself.

    Args:
        network: class name, ours or PaddleGAN's; None: by the name of a file that PaddleGAN published.
        arguments: of its constructor; of a StyleGAN2 generator they are known without.
        key: the network's name in a file that holds several.
    Returns:
        Sentences on what was done.
    Raises:
        WeightsError: the network is not known, or the arrays do not fit it; nothing is written then.
        ConfigError: unknown class or arguments.
    """
    known = published.of_file(source)
    if network is not None:
        known = published.Published(source.name, network)
    elif known is None:
        names = ", ".join(item.file for item in published.PUBLISHED.values())
        raise WeightsError(f"{source}: say which network it fills with --network NAME (known by name: {names})")
    config = {"name": known.network, **known.arguments, **arguments}
    try:
        built = hub.load(source, config, key=key or known.key)
    except WeightsError as error:
        raise type(error)(f"{error}{_what_fits(known.network, source, key or known.key)}") from error
    save_network(built, target, card={"title": f"{known.network} from {source.name}", "source": known.url})
    return [
        f"{len(built.state_dict())} arrays into {type(built).__name__}",
        f"{target}: {target.stat().st_size / 1e6:.1f} MB",
    ]


def _what_fits(network: str, source: Path, key: str | None) -> str:
    """For an error's end: the size and widths of the StyleGAN2 generator that a file's arrays are, "" for others."""
    if our_network_name(network) != stylegan2.CLASS:
        return ""
    try:
        fitting, _ = stylegan2.generator_of(read_content(source), str(source), key)
    except WeightsError:
        return ""
    return f"; these weights fit -a {' '.join(f'{name}={value}' for name, value in fitting.items())}"
