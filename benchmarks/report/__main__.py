"""What the committed rows say: tables of README.md and docs/results, results/ucr.md and its pictures.

python -m benchmarks.report           # write them
python -m benchmarks.report --check   # write nothing; exit 1 if a page is stale, or its markers are wrong
"""

import sys

from benchmarks.harness.arguments import arguments
from benchmarks.report import pages, pictures


def main():
    args = arguments(__doc__, check={"action": "store_true", "help": "write nothing, fail if anything is stale"})
    texts = pages.pages()
    stale, problems = pages.stale(texts), pages.problems(texts)
    if args.check:
        problems += [f"{path.name} is not what the rows say: run python -m benchmarks.report" for path in stale]
    else:
        for path, text in stale.items():
            path.write_text(text)
        pictures.draw_ranks()
        pictures.draw_score_against_time()
    sys.exit("\n".join(problems) or 0)


if __name__ == "__main__":
    main()
