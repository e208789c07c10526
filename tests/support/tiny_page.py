"""The smallest app that signs in as the console and the storefront do, to try what serves them (K5)."""

from pathlib import Path

INDEX = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8"><title>Tiny</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="/assets/app-1.css">
</head>
<body>
<p id="path"></p><button id="in">Sign in</button><button id="out">Sign out</button>
<p id="who"></p><p id="answer"></p><p id="tried"></p>
<script>document.title = "inline"</script>
<script type="module" src="/assets/app-1.js"></script>
</body>
</html>
"""
SCRIPT = """
const config = await (await fetch("/config.json")).json();
const shown = (id, text) => { document.getElementById(id).textContent = text; };
const text64 = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
  .replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const random = () => text64(crypto.getRandomValues(new Uint8Array(32)));
const back = `${location.origin}/callback`;
shown("path", location.pathname);

async function leave() {
  const kept = { verifier: random(), state: random(), nonce: random() };
  sessionStorage.setItem("kept", JSON.stringify(kept));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(kept.verifier));
  location.assign(`${config.sign_in}/oauth2/authorize?` + new URLSearchParams({
    client_id: config.client_id, redirect_uri: back, response_type: "code", scope: "openid",
    state: kept.state, nonce: kept.nonce, code_challenge: text64(digest), code_challenge_method: "S256",
  }));
}

async function arrive() {
  const asked = new URLSearchParams(location.search);
  const kept = JSON.parse(sessionStorage.getItem("kept"));
  sessionStorage.removeItem("kept");
  if (kept === null || asked.get("state") !== kept.state) { shown("who", "a stranger's code"); return; }
  const answer = await fetch(`${config.sign_in}/oauth2/token`, { method: "POST", body: new URLSearchParams({
    grant_type: "authorization_code", client_id: config.client_id, redirect_uri: back,
    code: asked.get("code"), code_verifier: kept.verifier,
  }) });
  const tokens = await answer.json();
  const claims = JSON.parse(atob(tokens.id_token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/")));
  const ours = claims.nonce === kept.nonce && claims.iss === config.issuer;
  if (!ours) { shown("who", "a stranger's token"); return; }
  shown("who", claims["cognito:username"]);
  const answered = await fetch(`${config.api}/products/unknown`, {
    headers: { authorization: `Bearer ${tokens.access_token}` },
  });
  const { code } = await answered.json();
  shown("answer", `${code} ${answered.headers.get("x-request-id") !== null}`);
}

document.getElementById("in").addEventListener("click", leave);
document.getElementById("out").addEventListener("click", () => location.assign(
  `${config.sign_in}/logout?` +
  new URLSearchParams({ client_id: config.client_id, logout_uri: `${location.origin}/` })));
if (location.pathname === "/callback") await arrive();
if (location.hash === "#elsewhere") {
  const sent = await fetch("http://elsewhere.localhost:9/").then(() => true, () => false);
  shown("tried", sent ? "sent" : "kept");
}
"""


def build(folder: Path) -> Path:
    """Write the app as a build of the real ones would lie there."""
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX, encoding="utf-8")
    (folder / "assets" / "app-1.js").write_text(SCRIPT, encoding="utf-8")
    (folder / "assets" / "app-1.css").write_text("p { margin: 0 }\n", encoding="utf-8")
    (folder / "assets" / "app-1.js.map").write_text("{}", encoding="utf-8")
    return folder
