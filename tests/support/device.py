"""A client's device: its key, and the `device` member of connect that it signs."""

import base64
import hashlib
import os

import ed25519


def base64url(data):
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Device:
    """One key. seed: 32 bytes; random unless given."""

    def __init__(self, seed=None):
        self.seed = seed or os.urandom(32)
        self.raw = ed25519.public_key(self.seed)
        self.id = hashlib.sha256(self.raw).hexdigest()
        self.public_key = base64url(self.raw)

    def payload(self, params, signed_at, nonce, version=3):
        """The text that is signed for these params of connect."""
        client, auth = params["client"], params.get("auth", {})
        token = auth.get("token") or auth.get("deviceToken") or auth.get("bootstrapToken") or ""
        fields = [f"v{version}", self.id, client["id"], client["mode"], params.get("role", ""),
                  ",".join(params.get("scopes", [])), str(signed_at), token, nonce]
        if version == 3:
            fields += [client["platform"].strip().lower(),
                       client.get("deviceFamily", "").strip().lower()]
        return "|".join(fields)

    def proof(self, params, challenge, version=3, **instead):
        """The `device` member; `instead` replaces members after signing."""
        signed_at, nonce = challenge["ts"], challenge["nonce"]
        signed = ed25519.sign(self.seed, self.payload(params, signed_at, nonce, version).encode())
        return {"id": self.id, "publicKey": self.public_key, "signature": base64url(signed),
                "signedAt": signed_at, "nonce": nonce, **instead}
