"""PaddleGAN's published weights: the table, trust on first use, conversion. Nothing is fetched here."""

import http.server
import pickle
import threading

import numpy as np
import paddle
import pytest

from ppgen import hub
from ppgen.errors import DownloadError, WeightsError
from ppgen.hub import published
from ppgen.hub.convert import convert

SMALL = {"input_nc": 3, "output_nc": 3, "ngf": 4, "n_blocks": 2, "norm_type": "instance"}


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A web server on this machine that serves `files/`; the cache lies beside it."""
    monkeypatch.setenv("PPGEN_CACHE", str(tmp_path / "cache"))
    (tmp_path / "files").mkdir()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(tmp_path / "files"))

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield tmp_path / "files", f"http://127.0.0.1:{running.server_port}"
        running.shutdown()


def weights(name):
    """The bytes of a .pdparams with one array."""
    return pickle.dumps({name: np.zeros(2, np.float32)}, protocol=2)


def test_a_login_page_or_a_part_is_not_kept(server):
    folder, address = server
    for content in (b"<!DOCTYPE html><title>Sign in</title>", weights("one")[:60], b""):
        (folder / "w.pdparams").write_bytes(content)
        with pytest.raises(DownloadError, match="gave no weights, but a login page, say, or a part .* try again"):
            published.fetch_on_trust(f"{address}/w.pdparams")
    (folder / "w.pdparams").write_bytes(weights("one"))
    kept = published.fetch_on_trust(f"{address}/w.pdparams")
    assert sorted(path.name for path in kept.parent.iterdir()) == ["w.pdparams", "w.pdparams.json"]
    kept.with_name("w.pdparams.json").unlink()
    kept.write_bytes(b"<html>")
    with pytest.raises(DownloadError, match=f"delete {kept}, and put the whole file there"):
        published.fetch_on_trust(f"{address}/w.pdparams")


def test_first_download_is_recorded_and_a_changed_copy_refused(server):
    folder, address = server
    (folder / "w.pdparams").write_bytes(weights("one"))
    path = published.fetch_on_trust(f"{address}/w.pdparams")
    (folder / "w.pdparams").write_bytes(weights("two"))
    assert published.fetch_on_trust(f"{address}/w.pdparams").read_bytes() == weights("one")
    path.write_bytes(weights("three"))
    with pytest.raises(DownloadError, match="not the file that was downloaded"):
        published.fetch_on_trust(f"{address}/w.pdparams")
    path.with_name("w.pdparams.json").write_text("{ no record")
    with pytest.raises(DownloadError, match="not the file that was downloaded"):
        published.fetch_on_trust(f"{address}/w.pdparams")
    with pytest.raises(DownloadError, match="404"):
        published.fetch_on_trust(f"{address}/none.pdparams")


def test_a_file_put_where_the_message_says_is_recorded_and_used(tmp_path, monkeypatch):
    monkeypatch.setenv("PPGEN_CACHE", str(tmp_path))
    address, wanted = "http://127.0.0.1:1/w.pdparams", tmp_path / "paddlegan" / "w.pdparams"  # nobody listens there
    with pytest.raises(DownloadError, match=f"cannot be reached.* put the file.* at {wanted}$"):
        published.fetch_on_trust(address)
    wanted.write_bytes(weights("one"))
    assert published.fetch_on_trust(address) == published.fetch_on_trust(address) == wanted
    wanted.write_bytes(weights("two"))
    with pytest.raises(DownloadError, match="not the file that was downloaded"):
        published.fetch_on_trust(address)


@pytest.mark.parametrize("name", [n for n in published.PUBLISHED if "ffhq" not in n and "anime" not in n])
def test_every_entry_builds_its_network(name):
    entry = published.PUBLISHED[name]
    small = {k: v for k, v in {"ngf": 4, "img_size": 32}.items() if k == "ngf" or k in entry.arguments}
    network = published.build(published.Published(entry.file, entry.network, {**entry.arguments, **small}))
    assert sum(int(np.prod(p.shape)) for p in network.parameters()) > 100


def paddlegan_file(path, key):
    """A file as PaddleGAN's trainer leaves it: networks under their names."""
    import ppgen.networks as networks

    network = networks.ResnetGenerator(**SMALL)
    paddle.save({key: network.state_dict()}, str(path))
    return network


def test_convert_writes_a_file_that_describes_itself(tmp_path):
    source, target = tmp_path / "run.pdparams", tmp_path / "out.safetensors"
    network = paddlegan_file(source, "netG_A")
    convert(source, target, "ResnetGenerator", SMALL, "netG_A")
    loaded = hub.load(target)
    x = paddle.randn([1, 3, 16, 16])
    network.eval()
    assert np.allclose(loaded(x).numpy(), network(x).numpy(), atol=1e-6)
    assert hub.published.of_file(tmp_path / "CycleGAN_horse2zebra.pdparams").key == "netG_A"


def test_what_does_not_fit_or_is_unknown_writes_nothing(tmp_path):
    source, target = tmp_path / "run.pdparams", tmp_path / "out.safetensors"
    paddlegan_file(source, "netG_A")
    with pytest.raises(WeightsError, match="--network NAME"):
        convert(source, target, None, {}, None)
    with pytest.raises(WeightsError, match="nothing was loaded"):
        convert(source, target, "ResnetGenerator", {**SMALL, "ngf": 8}, "netG_A")
    with pytest.raises(WeightsError, match="holds no 'netG_B'"):
        convert(source, target, "ResnetGenerator", SMALL, "netG_B")
    assert not target.exists()


def test_converting_with_the_wrong_size_says_which_fits(tmp_path):
    import ppgen.networks as networks

    source, target = tmp_path / "g.pdparams", tmp_path / "out.safetensors"
    given = {"style_dim": 8, "n_mlp": 2, "channel_multiplier": 0.0625, "channel_max": 16}
    network = networks.StyleGANv2Generator(size=16, **given)
    paddle.save({"gen_ema": network.state_dict()}, str(source))
    with pytest.raises(WeightsError, match=r"these weights fit -a image_size=16 latent_dim=8 .*channel_max=16$"):
        convert(source, target, "StyleGANv2Generator", {"size": 32, **given}, "gen_ema")
    with pytest.raises(WeightsError, match=r"channel_max=16$"):
        convert(source, target, "StyleGANv2Generator", {"size": 16, **given, "style_dim": 16}, "gen_ema")
    assert not target.exists()


def test_cards_say_where_the_weights_lie():
    for name, entry in published.PUBLISHED.items():
        card = hub.card(name)
        assert card["url"] == f"https://paddlegan.bj.bcebos.com/models/{entry.file}"
        assert not [field for field in hub.cards.REQUIRED if not card.get(field)], name
    assert "1024" in hub.card("ffhq-config-f")["title"] and "License-NC" in hub.card("ffhq-config-f")["licence"]
    text = hub.card_text("animeface-512")
    assert "stylegan2-animeface-512.pdparams" in text and "512" in text.splitlines()[0]
