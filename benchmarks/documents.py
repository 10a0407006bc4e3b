"""How long documents take to be read and cut, and in how much memory: `python -m benchmarks.documents`.

Each is read in a process of its own, in two sizes: memory is flat if the larger one takes hardly more.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from xml.sax.saxutils import escape

import docx

from benchmarks.figures import machine
from benchmarks.pdf_writer import PdfPage, pdf

_ENGLISH = (
    "A refund takes up to five working days, counted from the day on which the",
    "parcel reaches our warehouse: two days for checks and three for the bank.",
    "Cards issued by banks outside of mainland China may take ten working days,",
    "because such banks book only once a week. Vouchers are back at once.",
)
_CHINESE = (
    "退款最长需要五个工作日，从包裹送达仓库当天算起：验货两个工作日，打款三",
    "个工作日。用支付宝或微信支付的，打款后通常二十四小时内到账。中国大陆以",
    "外银行发行的信用卡，因发卡行处理较慢，可能要等十个工作日。",
)
_COLUMNS = ("订单号", "customer", "城市", "item", "quantity", "price", "总价", "date", "remark", "status")
_CITIES = ("上海", "北京", "Berlin", "成都")
_NAMESPACE = "http://schemas.openxmlformats.org"
_RELATIONS = f"{_NAMESPACE}/officeDocument/2006/relationships"


@dataclass(frozen=True)
class Reading:
    """What reading a file took: seconds, seconds of processor, MB at most, and MB before the file was opened."""

    name: str
    file: float
    chunks: int
    seconds: float
    processor: float
    peak: float
    before: float


def pages(path: Path, count: int) -> None:
    """A PDF of so many pages in both languages, each with a heading and a ruled table."""
    drawn = []
    for number in range(1, count + 1):
        page = PdfPage().text(72, 815, "Qinghe handbook 员工手册").text(280, 20, f"{number} / {count}")
        page.text(72, 780, f"{number}. Refunds 退款", 16)
        for block in range(5):
            page.lines(72, 750 - block * 110, *_ENGLISH).lines(72, 690 - block * 110, *_CHINESE)
        page.table(72, 190, [["City", "Days", "Fee"], *([_CITIES[row], str(number), f"{row}.50"] for row in range(4))])
        drawn.append(page)
    path.write_bytes(pdf(*drawn, title="员工手册"))


def rows(path: Path, count: int) -> None:
    """A workbook of so many rows of ten columns, its texts shared as Excel shares them."""
    strings: dict[str, int] = {}

    def cell(value: object) -> str:
        if isinstance(value, str):
            return f'<c t="s"><v>{strings.setdefault(value, len(strings))}</v></c>'
        return f"<c><v>{value}</v></c>"

    sheet = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as book:
        with book.open(sheet, "w") as file:
            file.write(f'<worksheet xmlns="{_NAMESPACE}/spreadsheetml/2006/main"><sheetData>'.encode())
            for number in range(count + 1):
                values = _order(number) if number else _COLUMNS
                file.write(f"<row>{''.join(map(cell, values))}</row>".encode())
            file.write(b"</sheetData></worksheet>")
        shared = "".join(f"<si><t>{escape(text)}</t></si>" for text in strings)
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{_NAMESPACE}/spreadsheetml/2006/main">{shared}</sst>')
        book.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_NAMESPACE}/spreadsheetml/2006/main" xmlns:r="{_RELATIONS}"><sheets>'
            '<sheet name="订单 orders" sheetId="1" r:id="rId1"/></sheets></workbook>',
        )
        book.writestr("_rels/.rels", _relations(("officeDocument", "xl/workbook.xml")))
        parts = (("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml"))
        book.writestr("xl/_rels/workbook.xml.rels", _relations(*parts))


def lines(path: Path, count: int) -> None:
    """The same as CSV."""
    with path.open("w", encoding="gb18030") as file:
        for number in range(count + 1):
            print(*(_order(number) if number else _COLUMNS), sep=",", file=file)


def paragraphs(path: Path, count: int) -> None:
    """A Word document of so many pages."""
    document = docx.Document()
    for number in range(1, count + 1):
        document.add_heading(f"{number}. Refunds 退款", 1)
        for _ in range(5):
            document.add_paragraph(" ".join(_ENGLISH))
            document.add_paragraph("".join(_CHINESE))
    document.save(str(path))


def _order(number: int) -> tuple[object, ...]:
    city, price = _CITIES[number % 4], number % 900 + 0.5
    day = f"2026-{number % 12 + 1:02}-{number % 28 + 1:02}"
    remark = f"remark {number}: 周三之前送达"
    return (
        f"QH-{number:06}",
        f"customer {number % 9000}",
        city,
        "boots 户外靴",
        number % 9,
        price,
        price * 2,
        day,
        remark,
        "paid",
    )


def _relations(*parts: tuple[str, str]) -> str:
    found = (
        f'<Relationship Id="rId{place}" Type="{_RELATIONS}/{kind}" Target="{target}"/>'
        for place, (kind, target) in enumerate(parts, start=1)
    )
    return f'<Relationships xmlns="{_NAMESPACE}/package/2006/relationships">{"".join(found)}</Relationships>'


#: (name, file, what writes it, a small size, the full one)
FILES: tuple[tuple[str, str, Callable[[Path, int], None], int, int], ...] = (
    ("PDF, {:,} pages with tables", "handbook.pdf", pages, 30, 300),
    ("XLSX, {:,} rows of ten columns", "orders.xlsx", rows, 5_000, 50_000),
    ("CSV in GB18030, {:,} rows", "orders.csv", lines, 5_000, 50_000),
    ("DOCX, {:,} pages", "handbook.docx", paragraphs, 30, 300),
)


def measured(name: str, path: Path) -> Reading:
    """The file read and cut into chunks, in a process of its own."""
    command = [sys.executable, "-m", __spec__.name if __spec__ else __name__, name, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Reading(**json.loads(done.stdout))


def _read(name: str, path: Path) -> Reading:
    from thinkaloud.knowledge.chunking import chunks
    from thinkaloud.knowledge.documents import read_document

    before, seconds, processor = _peak(), time.perf_counter(), time.process_time()
    count = sum(1 for _ in chunks(read_document(path, path.parent)))
    seconds, processor = time.perf_counter() - seconds, time.process_time() - processor
    return Reading(name, path.stat().st_size / 1e6, count, seconds, processor, _peak(), before)


def _peak() -> float:
    """MB that this process had at most. Linux hands `ru_maxrss` down to a child; macOS counts it in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        [peak] = [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(peak) / 1e3
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def main() -> None:
    """Print what each kind takes, in both sizes."""
    if len(sys.argv) == 3:
        print(json.dumps(asdict(_read(sys.argv[1], Path(sys.argv[2])))))
        return
    print(f"{machine()}\n")
    print("| document | file | chunks | seconds | of a processor | peak | before |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as folder:
        for name, file, write, *sizes in FILES:
            for size in sizes:
                write(Path(folder, file), size)
                one = measured(name.format(size), Path(folder, file))
                amounts = f"{one.file:.1f} MB | {one.chunks:,} | {one.seconds:.1f} s | {one.processor:.1f} s"
                print(f"| {one.name} | {amounts} | {one.peak:.0f} MB | {one.before:.0f} MB |", flush=True)


if __name__ == "__main__":
    main()
