"""TLS for the sandbox: a CA of its own, made at start, or given files.

What does not belong here: who trusts it; clients are given the CA file.
"""

import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Certificates:
    """A server context, and the file with the CA that signed its certificate."""

    context: ssl.SSLContext
    ca_file: Path


def from_files(cert_file: Path, key_file: Path, ca_file: Path) -> Certificates:
    """A context from PEM files."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert_file, key_file)
    return Certificates(context, ca_file)


def fresh(host: str, folder: Path | None = None) -> Certificates:
    """A new CA and a certificate for ``host`` and localhost; the CA file goes to ``folder``."""
    import trustme  # noqa: PLC0415 - loads cryptography, not needed with given files

    authority = trustme.CA(organization_name="Flyle sandbox")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(host, "localhost", "127.0.0.1").configure_cert(context)
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix="flyle-sandbox-"))
    ca_file = folder / "sandbox-ca.pem"
    ca_file.write_bytes(authority.cert_pem.bytes())
    return Certificates(context, ca_file)


def kept(folder: Path, host: str) -> Certificates:
    """The CA and certificate stored in ``folder``; made there when there are none yet."""
    names = ("sandbox-ca.pem", "sandbox-cert.pem", "sandbox-key.pem")
    ca_file, cert_file, key_file = (folder / name for name in names)
    if not all(path.exists() for path in (ca_file, cert_file, key_file)):
        import trustme  # noqa: PLC0415 - loads cryptography, not needed with files at hand

        folder.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA(organization_name="Flyle sandbox")
        issued = authority.issue_cert(host, "localhost", "127.0.0.1")
        key_file.touch(mode=0o600)
        key_file.write_bytes(issued.private_key_pem.bytes())
        cert_file.write_bytes(b"".join(part.bytes() for part in issued.cert_chain_pems))
        ca_file.write_bytes(authority.cert_pem.bytes())
    return from_files(cert_file, key_file, ca_file)
