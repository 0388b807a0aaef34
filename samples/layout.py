# ruff: noqa: E501 - a piece of Typst is easier to read on one line
"""Writes the Typst source of a draft on a sender's paper."""

from random import Random

from letters.typeset import Typeset, barcode_image, compile_pdf, quote
from samples.draft import Block, Draft
from samples.style import HAND, MONO, Style


def typeset(draft: Draft, style: Style, rng: Random, *, label: str = "") -> Typeset:
    """``draft`` on the paper of ``style``; ``label`` puts a Code 128 sticker with that text on page 1."""
    source = Source(draft, style, rng).build()
    if label:
        source = sticker(label, rng) + source
    return compile_pdf(source)


def sticker(text: str, rng: Random) -> str:
    """A white sticker with ``text`` as Code 128 and in figures, near the top of the first page."""
    corner = rng.choice(("top + right", "top + left", "top + center"))
    shift = {"right": -6, "left": 6, "center": 0}[corner.split()[-1]]
    body = (
        f'{barcode_image(text, "Code128", "62mm", "11mm")}#v(-2.5mm)#text(7pt, font: "{MONO}")[{quote(text)}]'
    )
    box = f"rect(fill: white, stroke: 0.3pt + gray, inset: 2.5mm, align(center)[{body}])"
    return f"#set page(foreground: context if here().page() == 1 {{ place({corner}, dx: {shift}mm, dy: 3mm, {box}) }})\n"


class Source:
    """Writes the Typst source of one draft."""

    def __init__(self, draft: Draft, style: Style, rng: Random) -> None:
        self.draft, self.style, self.rng = draft, style, rng

    def build(self) -> str:
        """The whole source."""
        if self.draft.till:
            return self._till()
        style, blocks = self.style, [block for block in self.draft.blocks if block.kind != "footer"]
        feet = [block for block in self.draft.blocks if block.kind == "footer"]
        parts = [self._page(feet[0] if feet else None)]
        index = 0
        kinds = [block.kind for block in blocks]
        if kinds[:1] == ["letterhead"]:
            parts.append(self._letterhead(blocks[0]))
            index = 1
        two = style.columns == 2 and self.draft.label == "contract"
        columns_open = False
        while index < len(blocks):
            block = blocks[index]
            following = blocks[index + 1] if index + 1 < len(blocks) else None
            if block.kind == "window" and following and following.kind == "meta" and style.info == "beside":
                parts.append(self._beside(block, following))
                index += 2
                continue
            if two and block.kind == "heading" and not columns_open:
                parts.append("#columns(2, gutter: 8mm)[\n")
                columns_open = True
            if columns_open and block.kind in {"sign", "place", "break"}:
                parts.append("]\n")
                columns_open, two = False, False
            parts.append(self._block(block))
            index += 1
        if columns_open:
            parts.append("]\n")
        return "\n".join(parts)

    def _page(self, foot: Block | None) -> str:
        style = self.style
        left, right, top, bottom = style.margins
        footer = self._footer(foot) if foot else ""
        number = ""
        if style.pages != "none":
            side = {"centre": "center", "right": "right"}[style.pages]
            number = f'#context if counter(page).final().first() > 1 [#align({side}, text(8pt, counter(page).display("1 / 1", both: true)))]'
        bottom += 12 if foot else 0
        marks = ""
        if style.marks and self.draft.label in {"letter", "official_notice", "invoice"}:
            lines = (
                f"place(top + left, dx: 4mm, dy: {y}mm, line(length: 4mm, stroke: 0.4pt + gray))"
                for y in (105, 148.5, 210)
            )
            marks = f"background: {{ {'; '.join(lines)} }}, "
        indent = "first-line-indent: 5mm, " if style.indent else ""
        return (
            f'#set page(paper: "a4", margin: (left: {left}mm, right: {right}mm, top: {top}mm, bottom: {bottom}mm), '
            f"{marks}footer-descent: 15%, footer: [{footer}{number}])\n"
            f'#set text(font: "{style.font}", size: {style.size}pt, lang: "{self.draft.language}", hyphenate: false, '
            f"ligatures: false)\n"
            f"#set par(justify: {str(style.justify).lower()}, leading: {style.leading}em, {indent}"
            f"spacing: {style.spacing}em)\n"
            f'#show heading: set text(font: "{style.heading}")\n'
        )

    def _logo(self, name: str) -> str:
        ink, size = self.style.ink, self.rng.choice((10, 13, 16))
        fill = f'rgb("{ink}")'
        match self.style.logo:
            case "disc":
                return f"#circle(radius: {size / 2}mm, fill: {fill})"
            case "ring":
                return f"#circle(radius: {size / 2}mm, stroke: 2pt + {fill}, inset: 2mm)[#circle(radius: {size / 5}mm, fill: {fill})]"
            case "square":
                return f"#rotate(45deg, square(size: {size * 0.7}mm, fill: {fill}))"
            case "bars":
                bars = ", ".join(f"rect(width: 2mm, height: {h}mm, fill: {fill})" for h in (4, 8, 12, 6))
                return f"#stack(dir: ltr, spacing: 1mm, {bars})"
            case "tri":
                return f"#polygon(fill: {fill}, (0mm, {size}mm), ({size / 2}mm, 0mm), ({size}mm, {size}mm))"
            case "letter":
                return f'#box(fill: {fill}, inset: 2.5mm, text(16pt, fill: white, weight: "bold")[{quote(name[:1])}])'
            case _:
                return ""

    def _letterhead(self, block: Block) -> str:
        style = self.style
        name, *rest = (row[0] for row in block.rows)
        big = self.rng.choice((14, 16, 18, 22))
        ink = f'rgb("{style.ink}")'
        title = f'#text({big}pt, font: "{style.heading}", weight: "bold", fill: {ink})[{quote(name)}]'
        small = f"#text(8.5pt)[{'#linebreak();'.join(quote(line) for line in rest)}]" if rest else ""
        logo = self._logo(name)
        match style.head:
            case "centre":
                mark = f"{logo}#v(1mm)" if logo else ""
                return f"#align(center)[{mark}{title}#linebreak();{small}#v(-1mm)#line(length: 100%, stroke: 0.6pt + {ink})]\n#v(6mm)"
            case "right":
                return f"#align(right)[{logo}{title}#linebreak();{small}]\n#v(8mm)"
            case "band":
                return (
                    f'#block(width: 100%, fill: {ink}, inset: 4mm)[#text({big}pt, fill: white, weight: "bold", '
                    f'font: "{style.heading}")[{quote(name)}]]\n{small}\n#v(6mm)'
                )
            case "split":
                return f"#grid(columns: (1fr, auto), [{title}], align(right)[{small}])\n#line(length: 100%, stroke: 1pt + {ink})\n#v(5mm)"
            case "side":
                return f"#grid(columns: (auto, 1fr), column-gutter: 5mm, align: horizon, [{logo}], [{title}#linebreak();{small}])\n#v(9mm)"
            case _:
                mark = f"{logo}#v(1mm)" if logo else ""
                return f"#align(left)[{mark}{title}#linebreak();{small}]\n#v(7mm)"

    def _window(self, block: Block) -> str:
        back = (
            f"#text(6.5pt)[#underline(offset: 1.4pt, stroke: 0.3pt)[{quote(block.text)}]]#linebreak();"
            if block.text
            else ""
        )
        lines = "#linebreak();".join(quote(row[0]) for row in block.rows)
        return f"#block(width: 85mm, {{ set par(justify: false, first-line-indent: 0mm); [{back}{lines}] }})"

    def _pairs(self, block: Block) -> str:
        cells = "".join(f"[{quote(label)}], [{quote(value)}], " for label, value in block.rows)
        return f"#text(0.9em)[#grid(columns: (auto, auto), column-gutter: 4mm, row-gutter: 2mm, {cells})]"

    def _beside(self, window: Block, meta: Block) -> str:
        sides = [f"[{self._window(window)}]", f"[{self._pairs(meta)}]"]
        if self.style.window == "right":
            sides.reverse()
        return f"#grid(columns: (1fr, auto), column-gutter: 6mm, {', '.join(sides)})\n#v(8mm)"

    def _footer(self, block: Block) -> str:
        style = self.style
        texts = [row[0] for row in block.rows]
        if style.foot == "line":
            joined = quote(" · ".join(" · ".join(text.split("\n")) for text in texts))
            return f"#align(center)[#text(7pt)[{joined}]]"
        cells = ", ".join(f"[{quote(text)}]" for text in texts)
        rule = f'#line(length: 100%, stroke: 0.5pt + rgb("{style.ink}"))#v(-2mm)'
        top = rule if style.foot == "rule" else ""
        return f"{top}#text(7pt)[#set par(leading: 0.45em);#grid(columns: (auto,) * {len(texts)}, column-gutter: 1fr, {cells})]"

    def _block(self, block: Block) -> str:  # noqa: C901 - one flat table of kinds
        style = self.style
        match block.kind:
            case "letterhead":
                return self._letterhead(block)
            case "typed":
                side = "right" if style.window == "right" else "left"
                lines = "#linebreak();".join(quote(row[0]) for row in block.rows)
                return f"#align({side})[{lines}]\n#v(8mm)"
            case "window":
                body = self._window(block)
                return (
                    f"#align(right)[#align(left)[#pad(left: 50%)[{body}]]]"
                    if style.window == "right"
                    else body
                ) + "\n#v(6mm)"
            case "meta":
                if (
                    style.info == "row"
                    and len(block.rows) > 1
                    and max(len(text) for row in block.rows for text in row) < 70 // len(block.rows)
                ):
                    cells = ", ".join(
                        f"[#text(0.75em)[{quote(label)}]#linebreak();{quote(value)}]"
                        for label, value in block.rows
                    )
                    return f"#grid(columns: (1fr,) * {len(block.rows)}, column-gutter: 3mm, {cells})\n#v(4mm)"
                return self._pairs(block) + "\n#v(3mm)"
            case "place":
                side = "left" if style.info == "row" else "right"
                return f"#align({side})[{quote(block.text)}]\n#v(3mm)"
            case "subject":
                return self._subject(block.text) + "\n#v(2mm)"
            case "title":
                side = self.rng.choice(("center", "left"))
                size = self.rng.choice((14, 16, 19))
                return f'#align({side})[#text({size}pt, weight: "bold", font: "{style.heading}")[{quote(block.text)}]]\n#v(3mm)'
            case "heading":
                return f'#block(above: 5mm, below: 2.6mm, sticky: true)[#text(weight: "bold", font: "{style.heading}")[{quote(block.text)}]]'
            case "small":
                return f"#text(0.8em)[{quote(block.text)}]\n"
            case "closing":
                return f"#v(2mm)\n{quote(block.text)}\n"
            case "list" | "numbered":
                mark = "enum" if block.kind == "numbered" else "list"
                return f"#{mark}({', '.join(f'[{quote(row[0])}]' for row in block.rows)})\n"
            case "table":
                return self._table(block)
            case "totals":
                last = len(block.rows) - 1
                cells = "".join(
                    f'[#text(weight: "{"bold" if i == last else "regular"}")[{quote(text)}]], '
                    for i, row in enumerate(block.rows)
                    for text in row
                )
                return f"#align(right)[#grid(columns: (auto, auto), align: (left, right), column-gutter: 10mm, row-gutter: 2.4mm, {cells})]\n#v(4mm)"
            case "fields":
                return self._fields(block)
            case "checks":
                return self._checks(block)
            case "sign":
                cells = ", ".join(
                    f"[{self._scribble()}{quote(f'{name}{chr(10) if role else str()}{role}')}]"
                    for name, role in block.rows
                )
                return f"#block(breakable: false)[#grid(columns: (1fr,) * {max(2, len(block.rows))}, column-gutter: 8mm, {cells})]\n"
            case "mono":
                lines = "#linebreak();".join(
                    quote(line.replace("  ", "\u00a0 ")) for line in block.text.split("\n")
                )
                return f'#[#set text(font: "{MONO}", size: 8pt);#set par(justify: false);{lines}]\n'
            case "mailhead":
                cells = "".join(
                    f'[#text(weight: "bold")[{quote(label)}]], [{quote(value)}], '
                    for label, value in block.rows
                )
                return f"#grid(columns: (auto, 1fr), column-gutter: 4mm, row-gutter: 2.2mm, {cells})\n#line(length: 100%, stroke: 0.5pt)\n#v(3mm)"
            case "break":
                return "#pagebreak()"
            case _:
                return quote(block.text) + "\n"

    def _subject(self, text: str) -> str:
        content = quote(text)
        match self.style.subject:
            case "underline":
                return f"#underline[{content}]"
            case "ruled":
                return f'#block(width: 100%, inset: (y: 2mm), stroke: (top: 0.5pt, bottom: 0.5pt))[#text(weight: "bold")[{content}]]'
            case "large":
                return f'#text(1.25em, weight: "bold", font: "{self.style.heading}")[{content}]'
            case "plain":
                return content
            case _:
                return f'#text(weight: "bold")[{content}]'

    def _table(self, block: Block) -> str:
        style, count = self.style, len(block.head)
        widths = [max(len(row[i]) for row in (block.head, *block.rows)) for i in range(count)]
        wide = widths.index(max(widths))
        columns = ", ".join("1fr" if i == wide else "auto" for i in range(count))
        numbers = all(any(c.isdigit() for c in row[-1]) for row in block.rows) and len(block.rows[0][-1]) < 16
        aligns = ", ".join("right" if numbers and i > wide else "left" for i in range(count))
        stroke = {"boxed": "0.5pt", "ruled": "(bottom: 0.4pt)", "plain": "none", "striped": "none"}[
            style.table
        ]
        fill = "fill: (_, y) => if calc.odd(y) { luma(235) }, " if style.table == "striped" else ""
        if style.shade and style.table != "striped":
            fill = f"fill: (_, y) => if y == 0 {{ luma({255 - 3 * style.shade}) }}, "
        head = "".join(f'[#text(weight: "bold")[{quote(cell)}]], ' for cell in block.head)
        cells = "".join(f"[{quote(cell)}], " for row in block.rows for cell in row)
        return (
            f"#[#set par(justify: false, first-line-indent: 0mm);#table(columns: ({columns}), align: ({aligns}), {fill}stroke: {stroke}, inset: 2mm, "
            f"table.header({head}), {cells})]\n#v(2mm)"
        )

    def _entry(self, text: str) -> str:
        if not self.draft.hand:
            return f'#text(font: "{MONO}", size: 0.92em)[{quote(text)}]' if self.style.shade else quote(text)
        angle = self.rng.uniform(-1.2, 1.2)
        return f'#rotate({angle:.2f}deg, text(font: "{HAND}", size: 1.25em, fill: rgb("#1c2f7a"))[{quote(text)}])'

    def _fields(self, block: Block) -> str:
        boxed = self.style.table in {"boxed", "striped"}
        cells = []
        for label, value in block.rows:
            entry = self._entry(value) if value else "#v(4mm)"
            if boxed:
                cells.append(f"[#text(0.75em)[{quote(label)}]#linebreak();{entry}]")
            else:
                line = "rect(width: 100%, stroke: (bottom: 0.5pt), inset: (y: 1mm, x: 0mm))"
                cells.append(f"[{quote(label + ':')}], {line}[{entry}]")
        if boxed:
            return f"#table(columns: (1fr, 1fr), inset: 2mm, stroke: 0.5pt, {', '.join(cells)})\n"
        return f"#grid(columns: (auto, 1fr), align: bottom, column-gutter: 4mm, row-gutter: 2.4mm, {', '.join(cells)})\n"

    def _checks(self, block: Block) -> str:
        cells = []
        for mark, text in block.rows:
            cross = "align(center + horizon, text(9pt)[X])" if mark else "[]"
            cells.append(
                f"[#box(width: 3.4mm, height: 3.4mm, baseline: 0.6mm, stroke: 0.6pt, {cross}) {quote(text)}]"
            )
        return f"#grid(columns: (1fr, 1fr), row-gutter: 2.6mm, {', '.join(cells)})\n"

    def _scribble(self) -> str:
        """A signature: a line through random points, no letters."""
        rng = self.rng
        if rng.random() < 0.2:
            return "#v(12mm)"
        points = [(x * 5 + rng.uniform(-1.5, 3), rng.uniform(0, 10)) for x in range(rng.randint(5, 9))]
        curve = f"curve.move(({points[0][0]:.1f}mm, {points[0][1]:.1f}mm)), " + ", ".join(
            f"curve.quad(({x + rng.uniform(-4, 4):.1f}mm, {rng.uniform(-2, 12):.1f}mm), ({x:.1f}mm, {y:.1f}mm))"
            for x, y in points[1:]
        )
        return f'#v(1mm)#box(height: 11mm, curve(stroke: {rng.choice((0.7, 1.0, 1.3))}pt + rgb("#20306f"), {curve}))#linebreak();'

    def _till(self) -> str:
        """A till roll on the scanner's glass: a narrow strip on an A4 page."""
        rng, style = self.rng, self.style
        text = self.draft.blocks[0].text
        lines = "#linebreak();".join(quote(line.replace("  ", "\u00a0\u00a0")) for line in text.split("\n"))
        size = rng.choice((7.5, 8.0, 8.5))
        x, y = rng.randint(12, 110), rng.randint(12, 60)
        return (
            '#set page(paper: "a4", margin: 0mm)\n'
            f'#set text(font: "{MONO}", size: {size}pt, lang: "{self.draft.language}", hyphenate: false, ligatures: false)\n'
            f"#set par(leading: {style.leading}em, justify: false)\n"
            f"#place(top + left, dx: {x}mm, dy: {y}mm, block(inset: 4mm, stroke: 0.3pt + luma(190))[{lines}])\n"
        )
