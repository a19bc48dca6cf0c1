"""PaddleGAN's --profiler_options: what is refused, and what is left of the steps of the range."""

import json

import paddle
import pytest

from ppgen.engine.profile import Profile, ProfileOptions, parse_options
from ppgen.errors import ConfigError

PADDLEGAN = "batch_range=[50, 60]; state=CPU; sorted_key=ave; tracer_option=OpDetail; profile_path=model.profile"


def test_paddlegans_text_is_read():
    found = parse_options(PADDLEGAN)
    assert found == ProfileOptions((50, 60), "CPU", "ave", "OpDetail", "model.profile", True)
    assert parse_options("exit_on_finished=no;") == ProfileOptions(exit_on_finished=False)
    assert parse_options("") == ProfileOptions()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("batch_rang=[1,2]", "did you mean 'batch_range'"),
        ("batch_range=[20,10]", "smaller first"),
        ("batch_range=[1]", "such as [10,20]"),
        ("batch_range=__import__('os').getpid(),9", "such as [10,20]"),
        ("state=TPU", "All, CPU, GPU"),
        ("sorted_key=totl", "did you mean 'total'"),
        ("tracer_option=all", "Default, OpDetail, AllOpDetail"),
        ("exit_on_finished=maybe", "true or false"),
        ("profile_path=", "expected a folder"),
        ("state", "key=value"),
        ("state=CPU;state=All", "twice"),
    ],
)
def test_a_mistake_is_one_sentence_that_names_the_option(text, told):
    with pytest.raises(ConfigError, match="--profiler_options") as caught:
        parse_options(text)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_gpu_that_is_not_there_is_refused_at_once(tmp_path):
    if paddle.is_compiled_with_cuda():
        pytest.skip("this Paddle may have a GPU")
    with pytest.raises(ConfigError, match="state=CPU"):
        Profile("state=GPU", tmp_path)


def _run(profile, first, steps):
    """Steps that were worked on before the profile said stop."""
    network, done = paddle.nn.Linear(4, 4), 0
    for index in range(first, first + steps):
        if profile.step(index):
            break
        network(paddle.ones([2, 4])).sum().backward()
        done += 1
    profile.close()
    return done


def test_the_range_is_watched_from_the_start_of_the_process_and_the_run_ends(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = _run(Profile("batch_range=[2,5];state=CPU;sorted_key=calls", tmp_path / "run"), first=1000, steps=9)
    assert done == 5
    trace = json.loads((tmp_path / "run/profile/trace.json").read_text())
    steps = [event for event in trace["traceEvents"] if event.get("name", "").startswith("ProfileStep")]
    assert len(steps) == 3
    summary = (tmp_path / "run/profile/summary.txt").read_text()
    assert "matmul" in summary and "Operator Summary" in summary
    calls = [int(line.split()[0]) for line in summary.split("\n\n")[0].splitlines()[2:]]
    assert calls == sorted(calls, reverse=True) and calls[0] >= 3
    assert [path.name for path in tmp_path.iterdir()] == ["run"]  # and no profiler_log of Paddle's


def test_a_run_that_is_shorter_or_goes_on_still_leaves_its_tables(tmp_path):
    assert _run(Profile("batch_range=[1,50];state=CPU", tmp_path / "a"), first=0, steps=3) == 3
    assert (tmp_path / "a/profile/summary.txt").stat().st_size > 500
    options = (
        "batch_range=[0,1];state=CPU;exit_on_finished=false;profile_path=p;tracer_option=AllOpDetail;sorted_key=max"
    )
    assert _run(Profile(options, tmp_path / "b"), first=0, steps=4) == 4
    assert (tmp_path / "b/p/trace.json").is_file()


def test_other_processes_stop_with_the_watching_one_and_write_nothing(tmp_path):
    assert _run(Profile("batch_range=[0,2]", tmp_path, watch=False), first=7, steps=9) == 2
    assert not any(tmp_path.iterdir())
