/** What the API, its gateway or the network said when it was not what was asked for (RFC 9457). */
import type { Code } from "./codes";

/** What comes from outside the programme: the gateway's own answers, and no answer at all. */
export type OutsideCode =
  | "gateway_401"
  | "gateway_403"
  | "gateway_404"
  | "gateway_429"
  | "gateway_5xx"
  | "route_not_found"
  | "method_not_allowed"
  | "offline"
  | "unknown";
export type ProblemCode = Code | OutsideCode;

const AGAIN: ReadonlySet<ProblemCode> = new Set<ProblemCode>([
  "try_again",
  "conflict",
  "internal_error",
  "gateway_429",
  "gateway_5xx",
  "offline",
]);
const TRIES_MAX = 4;
const PAUSE_MILLISECONDS = 400;
const PAUSE_MILLISECONDS_MAX = 8_000;

export class Problem extends Error {
  readonly status: number;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly errors: readonly { field: string; message: string }[];
  /** By it whoever runs the suite finds what happened. */
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;
  /** The members that some codes bring besides. */
  readonly more: Readonly<Record<string, unknown>>;

  constructor(
    status: number,
    code: ProblemCode,
    body: Record<string, unknown> = {},
    headers = new Headers(),
  ) {
    const detail = typeof body.detail === "string" ? body.detail : "";
    super(detail === "" ? code : `${code}: ${detail}`);
    this.name = "Problem";
    this.status = status;
    this.code = code;
    this.detail = detail;
    this.errors = Array.isArray(body.errors) ? (body.errors as { field: string; message: string }[]) : [];
    this.requestId = headers.get("x-request-id") ?? headers.get("apigw-requestid");
    const after = Number(headers.get("retry-after") ?? Number.NaN);
    this.retryAfterSeconds = Number.isNaN(after) ? null : after;
    this.more = body;
  }

  /** Whether the same request can be sent again: nothing happens twice. */
  get again(): boolean {
    return AGAIN.has(this.code);
  }
}

/** Reads what is no success. */
export async function problemOf(response: Response): Promise<Problem> {
  let body: Record<string, unknown> = {};
  try {
    const found: unknown = await response.json();
    if (typeof found === "object" && found !== null) body = found as Record<string, unknown>;
  } catch {
    // The gateway's answer may be of any form; its status says enough.
  }
  const code = typeof body.code === "string" ? (body.code as Code) : ofGateway(response.status);
  return new Problem(response.status, code, body, response.headers);
}

function ofGateway(status: number): OutsideCode {
  if (status === 401 || status === 403 || status === 404 || status === 429) return `gateway_${status}`;
  return status >= 500 ? "gateway_5xx" : "unknown";
}

/** Whatever was thrown, as a problem. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  return new Problem(0, error instanceof TypeError ? "offline" : "unknown");
}

/** Whether a request that failed is sent again by itself; the same request, with the same ids (R1). */
export function sendAgain(failures: number, error: unknown): boolean {
  return failures < TRIES_MAX && asProblem(error).again;
}

/** The pause before it, which grows and is a little random. */
export function pauseMilliseconds(failures: number, error: unknown): number {
  const told = asProblem(error).retryAfterSeconds;
  const grown = Math.min(PAUSE_MILLISECONDS_MAX, PAUSE_MILLISECONDS * 2 ** failures);
  return Math.max(told === null ? 0 : told * 1000, grown * (0.5 + Math.random() / 2));
}
