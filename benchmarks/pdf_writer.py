"""A small PDF writer: text in two fonts at a place, lines, and pictures; enough to try what a reader makes of them."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field

#: Points, A4.
WIDTH, HEIGHT = 595, 842
_FONTS = {
    "latin": b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    "bold": b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    # The Song type that every reader has at hand: its characters are written as UTF-16.
    "chinese": b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts ["
    b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /DW 1000 /CIDSystemInfo "
    b"<< /Registry (Adobe) /Ordering (GB1) /Supplement 4 >> /FontDescriptor << /Type /FontDescriptor "
    b"/FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 "
    b"/CapHeight 880 /StemV 93 >> >> ] >>",
}


@dataclass
class PdfPage:
    """What is drawn on a page, from the lower left corner."""

    rotate: int = 0
    operators: list[str] = field(default_factory=list)

    def text(self, x: float, y: float, text: str, size: float = 11, *, bold: bool = False) -> PdfPage:
        """A line of text; in the Chinese font where there is any Chinese in it."""
        if text.isascii():
            escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            font, shown = ("bold" if bold else "latin"), f"({escaped})"
        else:
            font, shown = "chinese", f"<{text.encode('utf-16-be').hex()}>"
        self.operators.append(f"BT /{font} {size} Tf 1 0 0 1 {x} {y} Tm {shown} Tj ET")
        return self

    def lines(self, x: float, y: float, *texts: str, size: float = 11, leading: float = 14) -> PdfPage:
        """Lines of text, one below the other."""
        for place, text in enumerate(texts):
            self.text(x, y - place * leading, text, size)
        return self

    def line(self, x0: float, y0: float, x1: float, y1: float) -> PdfPage:
        """A straight line."""
        self.operators.append(f"{x0} {y0} m {x1} {y1} l S")
        return self

    def picture(self, x: float = 0, y: float = 0, width: float = WIDTH, height: float = HEIGHT) -> PdfPage:
        """A grey picture."""
        self.operators.append(f"q {width} 0 0 {height} {x} {y} cm /picture Do Q")
        return self

    def table(self, x: float, y: float, rows: list[list[str]], width: float = 120, height: float = 20) -> PdfPage:
        """A ruled table, `y` being its top."""
        columns = max(map(len, rows))
        for place in range(len(rows) + 1):
            self.line(x, y - place * height, x + columns * width, y - place * height)
        for place in range(columns + 1):
            self.line(x + place * width, y, x + place * width, y - len(rows) * height)
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                self.text(x + column * width + 4, y - row * height - 14, cell)
        return self


def pdf(*pages: PdfPage, title: str = "", trailer: str = "", contents: tuple[bytes, bytes] | None = None) -> bytes:
    """The file. `contents` are (entries, bytes) of a stream that each page has instead of what was drawn on it."""
    objects: list[bytes] = []

    def add(content: bytes) -> int:
        objects.append(content)
        return len(objects)

    fonts = " ".join(f"/{name} {add(font)} 0 R" for name, font in _FONTS.items())
    picture = add(_stream(b"\x80" * 64, b"/Type /XObject /Subtype /Image /Width 8 /Height 8 /BitsPerComponent 8 "
                          b"/ColorSpace /DeviceGray"))  # fmt: skip
    tree = len(objects) + 2 * len(pages) + 1
    kids = []
    for page in pages:
        drawn = _stream("\n".join(page.operators).encode("latin-1"))
        content = add(drawn if contents is None else _stream_of(*contents))
        kids.append(
            add(
                f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}] /Rotate {page.rotate} /Contents "
                f"{content} 0 R /Resources << /Font << {fonts} >> /XObject << /picture {picture} 0 R >> >> >>".encode()
            )
        )
    add(f"<< /Type /Pages /Count {len(kids)} /Kids [{' '.join(f'{kid} 0 R' for kid in kids)}] >>".encode())
    root = add(f"<< /Type /Catalog /Pages {tree} 0 R >>".encode())
    info = add(b"<< /Title <" + (b"\xfe\xff" + title.encode("utf-16-be")).hex().encode() + b"> >>")
    return _written(objects, f"/Root {root} 0 R /Info {info} 0 R {trailer}")


def _stream(content: bytes, entries: bytes = b"") -> bytes:
    return _stream_of(entries + b" /Filter /FlateDecode", zlib.compress(content))


def _stream_of(entries: bytes, packed: bytes) -> bytes:
    return b"<< %s /Length %d >>\nstream\n%s\nendstream" % (entries, len(packed), packed)


def _written(objects: list[bytes], trailer: str) -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += f"trailer\n<< /Size {len(objects) + 1} {trailer} >>\nstartxref\n{start}\n%%EOF\n".encode()
    return bytes(out)
