"""What the committed rows say: the tables of README and docs/results, results/ucr.md and its pictures.

python benchmarks/accuracy/report.py           # write them
python benchmarks/accuracy/report.py --check   # write nothing; exit 1 if a text is not what the rows say
"""

import argparse
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # also where a test imports this
import ucr_page
from readme_tables import TABLES
from runs import RESULTS

README = Path(__file__).parents[2] / "README.md"
PAGES = [README, *sorted((README.parent / "docs" / "results").glob("*.md"))]
UCR = RESULTS / "ucr.md"


def rendered(text):
    """The text with every table, between <!-- name --> and <!-- end -->, made anew."""

    def table(match):
        return f"<!-- {match[1]} -->\n\n{TABLES[match[1]]()}\n\n<!-- end -->"

    return re.sub(r"<!-- (\w+) -->\n.*?<!-- end -->", table, text, flags=re.DOTALL)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    texts = {page: rendered(page.read_text()) for page in PAGES} | {UCR: ucr_page.text()}
    stale = [path.name for path, text in texts.items() if path.read_text() != text]
    if args.check:
        sys.exit(f"Not what the rows say: {stale}; run benchmarks/accuracy/report.py." if stale else 0)
    for path, text in texts.items():
        path.write_text(text)
    ucr_page.draw_ranks()
    ucr_page.draw_score_against_time()


if __name__ == "__main__":
    main()
