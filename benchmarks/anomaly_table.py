"""`make bench-anomaly`: the shipped detector and the bench's own baselines on its public suite, as one table.

The bench lies beside the project and needs numpy; what is missing is said in one line.
"""

import argparse
import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).parents[1]
OURS = "benchmarks.anomaly:factory"
BASELINES = ("gap-rules", "cusum", "farrington", "promql")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bench", type=Path, default=ROOT.parent / "shared" / "bench" / "anomaly")
    parser.add_argument("--suite", default="synth-public")
    parser.add_argument("--seeds", default="1", help="how many of the suite's seeds")
    parser.add_argument("--classes", help="sizes, like M,L")
    parser.add_argument("--workers", default="2")
    parser.add_argument("--baselines", default=",".join(BASELINES), help="names, or nothing for none")
    asked = parser.parse_args()
    if missing := what_is_missing(asked.bench):
        print(missing)
        return 1
    detectors = [OURS, *filter(None, asked.baselines.split(","))]
    with TemporaryDirectory(prefix="epay-bot-bench-") as folder:
        files = [str(measure(asked, name, Path(folder) / f"{n}.json")) for n, name in enumerate(detectors)]
        return run(asked.bench, "anombench.report", *files)


def what_is_missing(bench: Path) -> str:
    """A sentence, or nothing when all is there."""
    if not (bench / "anombench").is_dir():
        return f"The bench is not there: {bench}. Name its folder with --bench"
    if find_spec("numpy") is None:
        return f"numpy is not installed for {sys.executable}, and the bench needs it"
    return ""


def measure(asked: argparse.Namespace, name: str, out: Path) -> Path:
    """Scores one detector."""
    print(f"{name} …", file=sys.stderr, flush=True)
    classes = ("--classes", asked.classes) if asked.classes else ()
    how = ("--suite", asked.suite, "--seeds", asked.seeds, "--workers", asked.workers, *classes)
    if run(asked.bench, "anombench.run", *how, "--detector", name, "--out", str(out), quiet=True):
        raise SystemExit(1)
    shown = json.loads(out.read_text(encoding="utf-8"))
    out.write_text(json.dumps(shown | {"detector": "epay-bot" if name == OURS else name}), encoding="utf-8")
    return out


def run(bench: Path, module: str, *arguments: str, quiet: bool = False) -> int:
    out = subprocess.DEVNULL if quiet else None
    search = {"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", module, *arguments]
    return subprocess.run(command, cwd=bench, env=search, stdout=out, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    raise SystemExit(main())
