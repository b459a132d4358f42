"""Lines of code per file, without documentation, comments and blank lines.

python -m benchmarks.structure.lines ssm_estimators              # the sum, and the longest files
python -m benchmarks.structure.lines --most 300 ssm_estimators   # and fail if a file has more
"""

import argparse
import ast
import io
import sys
import tokenize
from pathlib import Path

PASSED_OVER = {
    tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER,
}  # fmt: skip


def code_lines(text):
    """How many lines of a program hold code."""
    documentation = {line for node in ast.walk(ast.parse(text)) for line in documentation_of(node)}
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in PASSED_OVER:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return len(lines - documentation)


def documentation_of(node):
    """The lines of a node's docstring; and those of a text about parameters, or about the attributes of a class."""
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
        first = node.body[0]
        is_text = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
        return range(first.lineno, first.end_lineno + 1) if is_text and isinstance(first.value.value, str) else ()
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Doc":
        return range(node.lineno, node.end_lineno + 1) if node.lineno < node.end_lineno else ()
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    if any(isinstance(target, ast.Name) and target.id.endswith("_doc") for target in targets):
        return range(node.lineno, node.end_lineno + 1)
    return ()


def is_hidden(path):
    """Whether it lies in a folder such as .venv, whose files are not ours."""
    return any(part.startswith(".") and part != ".." for part in path.parts)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--most", type=int, help="lines of code that a file may have")
    args = parser.parse_args()
    paths = [path for folder in args.folders for path in folder.rglob("*.py") if not is_hidden(path)]
    files = {path: code_lines(path.read_text()) for path in paths}
    longest = sorted(files, key=files.get, reverse=True)
    print(f"{sum(files.values())} lines of code in {len(files)} files; the longest are")
    for path in longest[:5]:
        print(f"{files[path]:5}  {path}")
    too_long = [str(path) for path in longest if args.most is not None and files[path] > args.most]
    if too_long:
        sys.exit(f"More than {args.most} lines of code: {', '.join(too_long)}. Split what is not one thing.")


if __name__ == "__main__":
    main()
