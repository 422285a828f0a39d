"""TLS for tests: a certificate of our own, the addresses of this machine, clients that speak TLS."""

import http.client
import socket
import ssl
import subprocess
from unittest import mock

import spine_client


def outer_address():
    """An IPv4 address of this machine that others could reach; None when it has none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("203.0.113.1", 9))  # sends nothing: it only chooses a route
            address = probe.getsockname()[0]
        except OSError:
            return None
    return None if address.startswith("127.") else address


def make_certificate(folder, *addresses):
    """A self-signed certificate for localhost and the addresses; (certificate, key), PEM files."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    names = ",".join(["DNS:localhost", "IP:127.0.0.1", *(f"IP:{one}" for one in addresses)])
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-nodes", "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost",
                    "-addext", f"subjectAltName={names}"], check=True, capture_output=True)
    key.chmod(0o600)
    return certificate, key


def context_of(certificate):
    """A client's context that trusts this certificate and nobody else's."""
    return ssl.create_default_context(cafile=str(certificate))


def https(context, port, path, host="localhost", headers=None):
    """(status, headers, body) of one GET."""
    connection = http.client.HTTPSConnection(host, port, timeout=20, context=context)
    try:
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read().decode()
    finally:
        connection.close()


def tls_client(context, host, port, **options):
    """A spine_client.Client over TLS."""
    connect = socket.create_connection

    def encrypted(address, **more):
        return context.wrap_socket(connect(address, **more), server_hostname=address[0])

    with mock.patch.object(spine_client.socket, "create_connection", encrypted):
        return spine_client.Client(port, host=host, **options)
