"""Rich messages as Telegram reads them: Markdown to blocks, within the limits; inside a line all stays as written."""

import re

from telegram_text import TextError

CHARACTERS_MAX = 32_768
BLOCKS_MAX = 500
COLUMNS_MAX = 20
NESTING_MAX = 16

FENCE = re.compile(r" {0,3}(`{3,}|~{3,})\s*([^\s`]*)")
HEADING = re.compile(r" {0,3}(#{1,6})\s+(.*?)\s*#*$")
ITEM = re.compile(r"(\s*)([-*+]|\d{1,9}[.)])\s+(\[[ xX]\]\s+)?(.*)")
DIVIDER = re.compile(r" {0,3}([-*_])(?:\s*\1){2,}\s*$")
DELIMITER_ROW = re.compile(r"\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$")
ESCAPED_PIPE = re.compile(r"(?<!\\)\|")


def cells_of(line):
    return [cell.strip() for cell in ESCAPED_PIPE.split(line.strip().removeprefix("|").removesuffix("|"))]


class MarkdownReader:
    """One text; blocks() gives the list of its blocks."""

    def __init__(self, source, depth=0):
        if depth > NESTING_MAX:
            raise TextError("Rich message is nested too deeply")
        self.lines = source.split("\n")
        self.depth = depth
        self.index = 0

    def blocks(self):
        found, paragraph = [], []

        def end_paragraph():
            if paragraph:
                found.append({"type": "paragraph", "text": "\n".join(paragraph)})
                paragraph.clear()

        while self.index < len(self.lines):
            block = self.block()
            if block is not None:
                end_paragraph()
                found.append(block)
                continue
            line = self.lines[self.index]
            self.index += 1
            if line.strip():
                paragraph.append(line.strip())
            else:
                end_paragraph()
        end_paragraph()
        return found

    def block(self):
        """The block that begins at this line, taken; None where it is part of a paragraph."""
        line = self.lines[self.index]
        following = self.lines[self.index + 1] if self.index + 1 < len(self.lines) else ""
        if fence := FENCE.match(line):
            return self.fenced(fence)
        if line.strip().startswith("$$"):
            return self.formula()
        if "|" in line and "|" in following and DELIMITER_ROW.match(following):
            return self.table()
        if DIVIDER.match(line):
            self.index += 1
            return {"type": "divider"}
        if heading := HEADING.match(line):
            self.index += 1
            return {"type": "heading", "text": heading[2], "size": len(heading[1])}
        if line.lstrip().startswith(">"):
            quoted = self.take_while(lambda text: text.lstrip().startswith(">"))
            inner = "\n".join(re.sub(r"^\s*> ?", "", text) for text in quoted)
            return {"type": "blockquote", "blocks": MarkdownReader(inner, self.depth + 1).blocks()}
        if ITEM.match(line):
            return self.list()
        return None

    def take_while(self, condition):
        begin = self.index
        while self.index < len(self.lines) and condition(self.lines[self.index]):
            self.index += 1
        return self.lines[begin:self.index]

    def fenced(self, fence):
        self.index += 1
        closing = re.compile(rf" {{0,3}}{re.escape(fence[1][0])}{{{len(fence[1])},}}\s*$")
        text = "\n".join(self.take_while(lambda line: not closing.match(line)))
        self.index += 1
        if fence[2] == "math":
            return {"type": "mathematical_expression", "expression": text}
        return {"type": "pre", "text": text, **({"language": fence[2]} if fence[2] else {})}

    def formula(self):
        first = self.lines[self.index].strip()[2:]
        self.index += 1
        taken = [first]
        while not taken[-1].rstrip().endswith("$$") and self.index < len(self.lines):
            taken.append(self.lines[self.index])
            self.index += 1
        return {"type": "mathematical_expression", "expression": "\n".join(taken).rstrip().removesuffix("$$")}

    def table(self):
        header = cells_of(self.lines[self.index])
        delimiters = cells_of(self.lines[self.index + 1])
        if len(delimiters) > COLUMNS_MAX:
            raise TextError("Rich message table has too many columns")
        self.index += 2
        rows = [header, *map(cells_of, self.take_while(lambda line: "|" in line))]
        align = ["center" if d.startswith(":") and d.endswith(":") else "right" if d.endswith(":") else "left"
                 for d in delimiters]
        cells = []
        for number, row in enumerate(rows):
            cells.append([{**({"text": text} if text else {}), **({"is_header": True} if number == 0 else {}),
                           "align": align[column], "valign": "middle"}
                          for column, text in enumerate(row[:len(align)])])
        return {"type": "table", "cells": cells, "is_bordered": True}

    def list(self):
        items = []
        for line in self.take_while(ITEM.match):
            _, label, box, text = ITEM.match(line).groups()
            item = {"label": label, "blocks": [{"type": "paragraph", "text": text}]}
            if box:
                item["has_checkbox"] = True
                if "x" in box.lower():
                    item["is_checked"] = True
            if label[0].isdigit():
                item.update(value=int(label[:-1]), type="1")
            items.append(item)
        return {"type": "list", "items": items}


def count_blocks(blocks):
    """As the limit counts: nested blocks, list items and table rows too."""
    total = 0
    for block in blocks:
        total += 1 + count_blocks(block.get("blocks", [])) + len(block.get("cells", []))
        total += sum(1 + count_blocks(item["blocks"]) for item in block.get("items", []))
    return total


def plain_text(blocks):
    """What a reader sees, block by block, a line each; cells of a row are parted by a tab."""
    lines = []
    for block in blocks:
        if "cells" in block:
            lines += ["\t".join(cell.get("text", "") for cell in row) for row in block["cells"]]
        lines += [plain_text(item["blocks"]) for item in block.get("items", [])]
        if "blocks" in block:
            lines.append(plain_text(block["blocks"]))
        for field in ("text", "expression"):
            if isinstance(block.get(field), str):
                lines.append(block[field])
    return "\n".join(lines)


def read_rich(value):
    """The rich_message of an answer, {"blocks": [...]}; raises TextError."""
    if not isinstance(value, dict):
        raise TextError("Object expected as rich message")
    given = [field for field in ("html", "markdown", "blocks") if value.get(field)]
    if not given:
        raise TextError("Rich message must be non-empty")
    if len(given) > 1:
        raise TextError("Exactly one of the fields html, markdown, and blocks must be used")
    if given == ["blocks"]:
        blocks = value["blocks"]
        if not isinstance(blocks, list) or not all(isinstance(b, dict) and b.get("type") for b in blocks):
            raise TextError("Array of blocks expected in the rich message")
    elif given == ["html"]:  # not taken apart: nobody here sends it
        blocks = [{"type": "paragraph", "text": re.sub(r"<[^>]*>", "", value["html"])}]
    else:
        blocks = MarkdownReader(value["markdown"]).blocks()
    text = plain_text(blocks)
    if not text.strip():
        raise TextError("Rich message must be non-empty")
    if len(text) > CHARACTERS_MAX:
        raise TextError("Rich message is too long")
    if count_blocks(blocks) > BLOCKS_MAX:
        raise TextError("Rich message has too many blocks")
    return {"blocks": blocks}
