"""`Uploads` in S3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from thinkaloud.errors import DocumentMissing, DocumentTooLarge, StorageError
from thinkaloud.library.uploads import UPLOAD_SECONDS, Address, object_key
from thinkaloud.state.documents import StoredDocument

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Signature 4 signs the headers; without a checksum of boto3's own, which would be that of an empty file.
CLIENT_CONFIG = Config(
    signature_version="s3v4",
    connect_timeout=2.0,
    read_timeout=20.0,
    retries={"mode": "standard", "total_max_attempts": 4},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)
_PIECE = 1024 * 1024


class S3Uploads:
    """One bucket."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def address(self, document: StoredDocument) -> Address:
        """Signed are the size and the media type, and `If-None-Match`: S3 refuses a second file under the same key.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        """
        announced = document.announced
        url = self._client.generate_presigned_url(
            "put_object",
            Params={
                "Bucket": self._bucket,
                "Key": object_key(document.key, document.version),
                "ContentLength": announced.bytes,
                "ContentType": announced.media,
                "IfNoneMatch": "*",
            },
            ExpiresIn=UPLOAD_SECONDS,
        )
        # Content-Length goes without saying: every client sends it, and a page cannot set it.
        return Address(url, {"content-type": announced.media, "if-none-match": "*"}, announced.upload_until)

    def fetch(self, key: str, path: Path, most: int) -> None:
        with _translated():
            answer = self._client.get_object(Bucket=self._bucket, Key=key)
            with closing(answer["Body"]) as body, path.open("wb") as file:
                written = 0
                for piece in body.iter_chunks(_PIECE):
                    written += file.write(piece)
                    if written > most:
                        raise DocumentTooLarge(f"it has more than {most:,} bytes")

    def discard(self, key: str) -> None:
        with _translated():
            self._client.delete_object(Bucket=self._bucket, Key=key)


@contextmanager
def _translated() -> Iterator[None]:
    """botocore's errors -> ours."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in ("NoSuchKey", "404"):
            raise DocumentMissing("its upload is not there; upload it again") from None
        raise StorageError(f"S3 answered {code}") from error
    except BotoCoreError as error:
        raise StorageError(f"S3 cannot be reached: {type(error).__name__}") from error
