"""Holds functions to 70 lines and files to 700: a class stands whole in one pair of files."""

import re

import lint

FILE_LINES_MAX = 700
FUNCTION_LINES_MAX = 70

_SCOPE = re.compile(r"^\s*(?:\[\[[^\]]*\]\]\s*)*(?:inline\s+)?(?:typedef\s+)?"
                    r"(?:namespace\b|class\b|struct\b|union\b|enum\b|extern\b\s*$)")
_TEMPLATE = re.compile(r"^\s*template\s*<")


def strip_templates(head):
    """The head of a declaration without its template<...> clauses."""
    while match := _TEMPLATE.match(head):
        depth, position = 1, match.end()
        while position < len(head) and depth:
            depth += {"<": 1, ">": -1}.get(head[position], 0)
            position += 1
        head = head[position:]
    return head


def opens(head, inside):
    """What the brace after this head opens: a scope, a function, an initialiser, or a block."""
    if inside:
        return "block"
    if _SCOPE.match(head):
        return "scope"
    in_arguments = head.count("(") > head.count(")")
    in_constructor_list = re.search(r"\)[^;]*:[^:]", head) and re.search(r"[\w>]$", head)
    if in_arguments or in_constructor_list:
        return "initialiser"
    return "function" if "(" in head else "block"


def functions(text):
    """(first line, last line, name) of each outermost function body, by matching braces."""
    text = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group(0)),
                  lint.blank(text), flags=re.MULTILINE)
    found, stack, head_start = [], [], 0
    for position, char in enumerate(text):
        inside = any(kind != "scope" for kind, _, _ in stack)
        if char == "{":
            head = strip_templates(text[head_start:position])
            stack.append((opens(head, inside), head_start, head))
            if stack[-1][0] != "initialiser":
                head_start = position + 1
        elif char == "}" and stack:
            kind, start, head = stack.pop()
            if kind == "function":
                start += len(text[start:position]) - len(text[start:position].lstrip())
                name = re.search(r"([~\w:]+)\s*\(", head)
                found.append((lint.line_of(text, start), lint.line_of(text, position),
                              name.group(1) if name else "lambda"))
            if kind != "initialiser" and not any(kind != "scope" for kind, _, _ in stack):
                head_start = position + 1
        elif char == ";" and not inside:
            head_start = position + 1
    return found


def check(root):
    found = []
    names = [name for name in lint.tracked_files(root)
             if name.startswith(tuple(folder + "/" for folder in lint.CODE_FOLDERS))
             and name.endswith((".h", ".cc", ".py", ".sh", ".fbs", "CMakeLists.txt", ".cmake"))]
    if not names:
        return ["no file to look at"]
    for name in names:
        text = lint.read(root, name)
        lines = text.count("\n")
        if lines > FILE_LINES_MAX:
            found.append(f"{name}:1: {lines} lines; at most {FILE_LINES_MAX}")
        if name.endswith(lint.CPP_SUFFIXES):
            for first, last, function in functions(text):
                if last - first + 1 > FUNCTION_LINES_MAX:
                    found.append(f"{name}:{first}: {function} has {last - first + 1} lines; "
                                 f"at most {FUNCTION_LINES_MAX}")
    return found


def body(lines):
    return "  call();\n" * lines


CLEAN = {
    "journal/a.cc": "namespace spine {\nstruct Row {\n" + "  int x{};\n" * 90 + "};\n"
                    "constexpr int kTable[] = {\n" + "  1,\n" * 90 + "};\n"
                    "void f() {\n" + body(60) + "}\n}  // namespace spine\n"
                    "void brace() {\n  char c = '{'; const char* s = \"{{{\";  // {\n}\n",
}

PLANTS = [
    ({"journal/b.cc": "\n" * 701}, "701 lines"),
    ({"journal/b.cc": "namespace a {\nvoid f() {\n" + body(80) + "}\n}\n"}, "f has 82 lines"),
    ({"journal/b.cc": "template <class T>\nvoid A<T>::g(int x) const {\n  if (x) {\n" + body(70) +
      "  }\n}\n"}, "::g has"),
    ({"journal/b.cc": "void h(Options o = {}, int n = 1) {\n" + body(70) + "}\n"}, "h has 72"),
    ({"journal/b.h": "class A {\n public:\n  A() : x_{1} {\n" + body(71) + "  }\n};\n"}, "A has"),
]

if __name__ == "__main__":
    lint.run(check, CLEAN, PLANTS)
