/**
 * Who has signed in: authorization code with PKCE S256, state and nonce, all checked by oauth4webapi (K5).
 *
 * Tokens are in the memory of this page only. A reload loses them, a new tab has none; both go through the hosted page
 * once: it knows the browser still and sends it back at once. What outlives the redirect, in the tab's own storage,
 * are the state, the nonce and the verifier, each for one use, and which page was open. What all tabs see is when
 * somebody signed in last, and nothing of who.
 */
import * as oauth from "oauth4webapi";
import { clockApartSeconds } from "../clock";
import type { Config } from "../config";
import { keptLanguage } from "../i18n/language";

/** What a group of the user pool may do, as the API knows it (K7). */
export type Role = "staff" | "clerk" | "marketing" | "finance" | "admin";

export interface User {
  readonly memberId: string;
  readonly name: string;
  readonly roles: ReadonlySet<Role>;
}

export type SignInProblem = "refused" | "mismatch" | "unreachable";

const CALLBACK = "/callback";
const PENDING = "memberday.sign-in";
/** In the tab's storage: somebody has signed in here. In the storage of all tabs: when somebody did last. */
const KNOWN = "memberday.signed-in";
/** In the tab's storage: it has left for the hosted page by itself, and has not come back signed in. */
const TRIED = "memberday.tried";
/** So long the hosted page knows a browser; a tab that is opened later does not leave unasked. */
const KNOWN_SECONDS = 3_600;
const SCOPE = "openid";
const ROLES: readonly Role[] = ["staff", "clerk", "marketing", "finance", "admin"];
const MILLISECONDS_A_SECOND = 1000;

interface Pending {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly path: string;
}

export class Session {
  #token: string | null = null;
  #endsAt = 0;
  #since = 0;
  #user: User | null = null;
  #problem: SignInProblem | null = null;
  readonly #config: Config;
  readonly #server: oauth.AuthorizationServer;
  readonly #client: oauth.Client;
  readonly #listeners = new Set<() => void>();

  constructor(config: Config) {
    this.#config = config;
    this.#server = {
      issuer: config.issuer,
      authorization_endpoint: `${config.sign_in}/oauth2/authorize`,
      token_endpoint: `${config.sign_in}/oauth2/token`,
    };
    this.#client = { client_id: config.client_id, [oauth.clockSkew]: clockApartSeconds() };
  }

  /** Who has signed in, if anybody. */
  get user(): User | null {
    return this.#user;
  }

  /** Why the last sign-in came to nothing, if it did. */
  get problem(): SignInProblem | null {
    return this.#problem;
  }

  /** The access token, while it holds. */
  get token(): string | null {
    return Date.now() < this.#endsAt ? this.#token : null;
  }

  /** The seconds for which the token holds yet. */
  get secondsLeft(): number {
    return this.#token === null ? 0 : Math.max(0, (this.#endsAt - Date.now()) / MILLISECONDS_A_SECOND);
  }

  /** The seconds since somebody signed in, or came back from the hosted page. */
  get secondsHeld(): number {
    return (Date.now() - this.#since) / MILLISECONDS_A_SECOND;
  }

  /** Calls when the API no longer takes the token; the page then offers to sign in again. */
  onEnd(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** What the API client says when it was answered 401, or the token has run out. */
  end(): void {
    this.#token = null;
    for (const each of this.#listeners) each();
  }

  /**
   * Takes up where the browser is: comes back from the hosted page, or goes there if somebody had signed in before
   * a reload. Answers false when the browser is about to leave.
   */
  async start(): Promise<boolean> {
    const here = new URL(window.location.href);
    if (here.pathname === CALLBACK) {
      await this.#comeBack(here);
      return true;
    }
    if (window.sessionStorage.getItem(TRIED) !== null || !this.#isKnown()) return true;
    // One try: where the hosted page does not send the browser back, a reload must not be a loop.
    window.sessionStorage.removeItem(KNOWN);
    window.sessionStorage.setItem(TRIED, "1");
    await this.signIn();
    return false;
  }

  /** Leaves for the hosted page, and comes back to where this was. */
  async signIn(path: string = pathOf(window.location)): Promise<void> {
    await this.#leave("/oauth2/authorize", path);
  }

  /** Leaves for the hosted page's form for new people. */
  async signUp(path: string = pathOf(window.location)): Promise<void> {
    await this.#leave("/signup", path);
  }

  /** Ends the session here and at the hosted page. */
  signOut(): void {
    window.sessionStorage.removeItem(KNOWN);
    window.localStorage.removeItem(KNOWN);
    this.#token = null;
    this.#user = null;
    const there = new URL(`${this.#config.sign_in}/logout`);
    there.searchParams.set("client_id", this.#config.client_id);
    there.searchParams.set("logout_uri", `${window.location.origin}/`);
    window.location.assign(there);
  }

  /** Whether the hosted page is likely to know this browser: from this tab, or from another one not long ago. */
  #isKnown(): boolean {
    if (window.sessionStorage.getItem(KNOWN) !== null) return true;
    const last = window.localStorage.getItem(KNOWN);
    return last !== null && signedInLately(last, Date.now());
  }

  async #leave(endpoint: string, path: string): Promise<void> {
    const verifier = oauth.generateRandomCodeVerifier();
    const pending: Pending = {
      state: oauth.generateRandomState(),
      nonce: oauth.generateRandomNonce(),
      verifier,
      path,
    };
    window.sessionStorage.setItem(PENDING, JSON.stringify(pending));
    const there = new URL(this.#config.sign_in + endpoint);
    const asked = {
      response_type: "code",
      client_id: this.#config.client_id,
      redirect_uri: callback(),
      scope: SCOPE,
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      lang: keptLanguage(),
    };
    for (const [name, value] of Object.entries(asked)) there.searchParams.set(name, value);
    window.location.assign(there);
  }

  async #comeBack(here: URL): Promise<void> {
    const stored = window.sessionStorage.getItem(PENDING);
    window.sessionStorage.removeItem(PENDING);
    const pending = stored === null ? null : (JSON.parse(stored) as Pending);
    // The code leaves the address before anything else happens, and a page of this origin is all that can follow.
    window.history.replaceState(null, "", ownPath(pending?.path));
    if (pending === null) {
      this.#problem = "mismatch";
      return;
    }
    try {
      const parameters = oauth.validateAuthResponse(this.#server, this.#client, here, pending.state);
      const response = await oauth.authorizationCodeGrantRequest(
        this.#server,
        this.#client,
        oauth.None(),
        parameters,
        callback(),
        pending.verifier,
        { [oauth.allowInsecureRequests]: isLocal(this.#config.sign_in) },
      );
      const tokens = await oauth.processAuthorizationCodeResponse(this.#server, this.#client, response, {
        expectedNonce: pending.nonce,
        requireIdToken: true,
      });
      this.#keep(tokens);
    } catch (error) {
      this.#problem = whatWentWrong(error);
    }
  }

  #keep(tokens: oauth.TokenEndpointResponse): void {
    const claims = oauth.getValidatedIdTokenClaims(tokens);
    const said = claimsOf(tokens.access_token);
    const groups = Array.isArray(said["cognito:groups"]) ? said["cognito:groups"] : [];
    this.#token = tokens.access_token;
    this.#since = Date.now();
    this.#endsAt = this.#since + (tokens.expires_in ?? 0) * MILLISECONDS_A_SECOND;
    this.#user = {
      memberId: claims?.sub ?? "",
      name: text(claims?.["cognito:username"]) ?? text(said.username) ?? "",
      roles: new Set(ROLES.filter((each) => groups.includes(each))),
    };
    window.sessionStorage.setItem(KNOWN, "1");
    window.sessionStorage.removeItem(TRIED);
    window.localStorage.setItem(KNOWN, String(this.#since));
  }
}

/** Whether one of the roles is held. An admin may do everything that a role may (K7). */
export function may(user: User | null, ...roles: readonly Role[]): boolean {
  if (user === null) return false;
  const held: readonly Role[] = user.roles.has("staff") ? ["clerk", "marketing", "finance"] : [];
  return user.roles.has("admin") || roles.some((each) => user.roles.has(each) || held.includes(each));
}

/** Whether a moment that was kept, in milliseconds, is of the last hour and not of a clock that was set back. */
export function signedInLately(kept: string, now: number): boolean {
  const ago = now - Number(kept);
  return ago >= 0 && ago < KNOWN_SECONDS * MILLISECONDS_A_SECOND;
}

function callback(): string {
  return window.location.origin + CALLBACK;
}

function pathOf(location: Location): string {
  return location.pathname + location.search + location.hash;
}

/** A path of this origin, whatever stands in the storage. */
export function ownPath(path: string | undefined): string {
  return path !== undefined && /^\/(?![/\\])/.test(path) && !path.startsWith(CALLBACK) ? path : "/";
}

/** Loopback needs no TLS: nothing leaves the machine. Everything else does. */
export function isLocal(address: string): boolean {
  const { protocol, hostname } = new URL(address);
  return protocol === "http:" && (hostname === "127.0.0.1" || /(^|\.)localhost$/.test(hostname));
}

/** What an access token says, for what the page shows. The API alone decides what is allowed. */
export function claimsOf(token: string): Record<string, unknown> {
  const part = token.split(".")[1];
  if (part === undefined) return {};
  try {
    const bytes = Uint8Array.from(atob(part.replace(/-/g, "+").replace(/_/g, "/")), (sign) =>
      sign.charCodeAt(0),
    );
    const found: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof found === "object" && found !== null ? (found as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function whatWentWrong(error: unknown): SignInProblem {
  if (error instanceof oauth.AuthorizationResponseError || error instanceof oauth.ResponseBodyError)
    return "refused";
  return error instanceof TypeError ? "unreachable" : "mismatch";
}
