"""Whose portal this is: its names, and the marks that the law asks of a government's website, as the city's own data.

Sources: 政府网站发展指引 (国办发〔2017〕47号), 附件2 (the foot of a page) and 网页标签规范 (the meta names of pages).
"""

import json
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from services.kernel.domain import text

OURS = Path(__file__).parent / "data" / "site" / "site.json"
Line = Annotated[str, AfterValidator(text.line), Field(min_length=1, max_length=60)]
LAWFUL = {
    "identification_code": "网站标识码", "icp": "ICP备案编号", "police": "公安机关备案号", "phone": "联系电话",
    "report_url": "政府网站找错",
}  # fmt: skip


class Told(BaseModel):
    """What a city's file says of its portal."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Line = Field(description="the portal's name (网站名称)")
    government: Line = Field(description="whose portal it is, at the head of each page")
    kind: Line = Field(description="what it is, below that")
    host: Line = Field(description="who answers for the portal (主办单位)")
    operator: Line = Field(description="who runs it (承办单位)")
    mark: str = Field("mark.svg", pattern=r"^[\w-]+\.svg$", description="a picture beside this file")
    phone: Annotated[str, AfterValidator(text.telephone)] | None = Field(None, description="of the operator")
    email: Annotated[str, AfterValidator(text.email)] | None = Field(None, description="of the operator")
    identification_code: str | None = Field(None, pattern=r"^[0-9]{10}$", description="网站标识码: ten digits")
    icp: Line | None = Field(None, description="ICP备案编号, like 粤ICP备00000000号")
    police: Line | None = Field(None, description="公安机关备案号, like 粤公网安备 44180000000000号")
    security_contact: str | None = Field(
        None, pattern=r"^(https://|mailto:|tel:)\S+$", description="where holes are reported: an address (RFC 9116)"
    )
    report_url: str | None = Field(None, pattern=r"^https://\S+$", description="where faults go (政府网站找错)")


class Site(Told):
    """A city's portal. `address`: where citizens reach it, without a `/` at the end. `picture`: its mark as SVG."""

    address: str
    picture: str

    @property
    def domain(self) -> str:
        return urlsplit(self.address).hostname or ""

    @property
    def security(self) -> str:
        """Where holes are reported: as the city says, else by e-mail, else as a letter."""
        written = f"mailto:{self.email}" if self.email else f"{self.address}/letters/new"
        return self.security_contact or written

    @property
    def police_number(self) -> str:
        return "".join(c for c in self.police or "" if c.isdecimal())

    @property
    def missing(self) -> list[str]:
        """What the law asks for and the city has not said."""
        return [said for name, said in LAWFUL.items() if getattr(self, name) is None]


def read(path: Path, *, public_url: str) -> Site:
    """The site of a city's file. Raises `ValueError` with everything that is wrong, in one sentence."""
    try:
        told = Told.model_validate(json.loads(path.read_text("utf-8")))
        picture = (path.parent / told.mark).read_text("utf-8")
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        raise ValueError(f"in {path}: {'; '.join(wrong)}") from None
    except OSError as error:
        raise ValueError(f"{error.filename} cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise ValueError(f"{path} is no JSON in UTF-8 ({error})") from None
    return Site(**told.model_dump(), address=public_url, picture=picture)
