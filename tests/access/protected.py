"""The reference server behind a token endpoint: Authlib's authorization server, on a socket, with TLS if wanted.

Its access tokens are the reference server's own, so that it is the FHIR server who judges when they lapse.
"""

from __future__ import annotations

import os
import secrets
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, ClassVar

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, InvalidClientError, grants
from authlib.oauth2.rfc7523 import JWTBearerClientAssertion
from flask import Flask, Response, request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from werkzeug.serving import WSGIRequestHandler, make_server

from conformance.reference import ReferenceServer
from conformance.reference.tokens import PRESCRIBER

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FULL, READING = "system/*.read system/*.write", "system/*.read"
SMART = "/fhir/.well-known/smart-configuration"


@dataclass
class Client(ClientMixin):  # type: ignore[misc]
    """A registered client: with a secret, or with the public half of its key."""

    client_id: str
    secret: str = ""
    jwks: dict[str, Any] | None = None
    scope: str = FULL
    methods: tuple[str, ...] = ("client_secret_basic", "client_secret_post")

    def get_allowed_scope(self, scope: str) -> str:
        return " ".join(one for one in scope.split() if one in self.scope.split())

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(self.secret, client_secret)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        del endpoint
        return method in (("client_assertion_jwt",) if self.jwks else self.methods)

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "client_credentials"


class _Secrets(grants.ClientCredentialsGrant):  # type: ignore[misc]
    TOKEN_ENDPOINT_AUTH_METHODS: ClassVar = ["client_secret_basic", "client_secret_post", "client_assertion_jwt"]


@dataclass
class Protected:
    """What tests set and see. `lives` is in seconds, `ahead` how far the endpoint's clock is off."""

    reference: ReferenceServer
    clients: dict[str, Client] = field(default_factory=dict)
    lives: int = 3600
    ahead: timedelta = timedelta()
    discoverable: bool = True
    said: dict[str, Any] = field(default_factory=dict)
    """What token responses say besides, or instead."""
    issued: list[str] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    """Address, headers and body of every request."""
    refuses: list[int] = field(default_factory=list)
    """What the token endpoint answers first, with leave to come back at once."""
    base_url: str = ""
    token_url: str = ""

    def add(self, client_id: str, secret: str = "", **more: Any) -> Client:
        made = self.clients[client_id] = Client(client_id, secret, **more)
        return made

    def issue(self, *_: Any, client: Client, scope: str | None = None, **__: Any) -> dict[str, Any]:
        """A token of the reference server's for a client."""
        now = datetime.now(UTC)
        granted = client.get_allowed_scope(scope or client.scope)
        claims = {**PRESCRIBER, "scope": granted}
        token = self.reference.service.tokens.issue(claims, now=now, expires=now + timedelta(seconds=self.lives))
        self.issued.append(token)
        return {"access_token": token, "token_type": "Bearer", "expires_in": self.lives, "scope": granted, **self.said}


class _Assertions(JWTBearerClientAssertion):  # type: ignore[misc]
    def __init__(self, server: Protected) -> None:
        super().__init__(leeway=0)
        self._server = server
        self._seen: set[str] = set()

    def get_audiences(self) -> list[str]:
        return [self._server.token_url]

    def validate_jti(self, claims: Any, jti: str) -> bool:
        # SMART: at most five minutes ahead, by the endpoint's clock
        now = (datetime.now(UTC) + self._server.ahead).timestamp()
        fresh = jti not in self._seen and now < claims["exp"] <= now + 300
        self._seen.add(jti)
        return fresh

    def resolve_client_public_key(self, client: Client) -> Any:
        return KeySet.import_key_set(client.jwks or {"keys": []})  # type: ignore[arg-type]

    def process_assertion_claims(self, assertion: str, resolve_key: Any) -> Any:
        """As Authlib does it, with the algorithms that SMART asks for."""
        try:
            found = jwt.decode(assertion, resolve_key, algorithms=["RS384", "ES384"])
        except JoseError as problem:
            raise InvalidClientError(description=problem.description) from problem
        self.verify_claims(found.claims)
        return found.claims


def application(server: Protected) -> Flask:
    app = Flask("protected")
    endpoint = AuthorizationServer(app, server.clients.get, lambda *_: None)
    endpoint.register_token_generator("default", server.issue)
    endpoint.register_grant(_Secrets)
    endpoint.register_client_auth_method("client_assertion_jwt", _Assertions(server))

    @app.before_request
    def keep() -> None:
        server.requests.append((request.path, dict(request.headers), request.get_data(cache=True)))

    @app.post("/token")
    def token() -> Response:
        if server.refuses:
            return Response(status=server.refuses.pop(0), headers={"Retry-After": "0"})
        answer: Response = endpoint.create_token_response()
        answer.headers["Date"] = format_datetime(datetime.now(UTC) + server.ahead, usegmt=True)
        return answer

    @app.get(SMART)
    def smart() -> Any:
        return {"token_endpoint": server.token_url} if server.discoverable else Response(status=404)

    @app.route("/fhir/<path:_rest>", methods=["GET", "POST", "PUT", "DELETE", "HEAD"])
    def fhir(_rest: str) -> Response:
        target = request.environ["REQUEST_URI"]
        status, headers, body = server.reference.answer(
            request.method, target, list(request.headers.items()), request.get_data()
        )
        answer = Response(body, status=status)
        for name in {name for name, _ in headers} | {"Content-Type"}:
            answer.headers.remove(name)
        for name, value in headers:
            answer.headers.add(name, value)
        return answer

    return app


class _Quiet(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def send_response(self, code: int, message: str | None = None) -> None:
        """Without a Date of its own: the application's counts."""
        self.send_response_only(code, message)

    def log(self, *_: Any) -> None:
        """Tests are quiet."""


@contextmanager
def protected(
    pack: str = "r4", *, certificate: Path | None = None, clients_of: Path | None = None
) -> Iterator[Protected]:
    """A server; with a certificate it speaks TLS, with `clients_of` only to clients whom that authority has signed."""
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"
    context = None
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
    if context is not None and clients_of is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients_of)
    with ReferenceServer(pack, listen=False) as reference:
        server = Protected(reference)
        listening = make_server(
            "127.0.0.1", 0, application(server), threaded=True, request_handler=_Quiet, ssl_context=context
        )
        root = f"{'https' if context else 'http'}://127.0.0.1:{listening.server_port}"
        server.base_url, server.token_url = f"{root}/fhir", f"{root}/token"
        reference.service.base = server.base_url
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            listening.shutdown()
            listening.server_close()
