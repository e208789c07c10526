/** What a deployment says of itself at `/config.json`; nothing of it is built in (K5). */
export interface Config {
  /** Where the API is. */
  readonly api: string;
  /** Where people sign in: the user pool's hosted page. */
  readonly sign_in: string;
  /** Who signs the tokens. */
  readonly issuer: string;
  readonly client_id: string;
  readonly region: string;
  readonly stage: string;
  /** The store's time zone. */
  readonly zone: string;
  /** On a local cloud alone: where its till plays the phone that scans a code. */
  readonly till?: string;
  /** The codes of the tiers, from the first up: what a deployment of before does not say. */
  readonly tiers: readonly string[];
}

const FIELDS = ["api", "sign_in", "issuer", "client_id", "region", "stage", "zone"] as const;

/**
 * Reads the configuration, and the time of the machine that serves it.
 *
 * @throws Error The file is not there, or lacks a field.
 */
export async function readConfig(): Promise<{ config: Config; servedAt: string | null }> {
  const response = await fetch("/config.json", { cache: "no-store" });
  if (!response.ok) throw new Error(`config.json: ${response.status}`);
  const found = (await response.json()) as Record<string, unknown>;
  const missing = FIELDS.filter((each) => typeof found[each] !== "string" || found[each] === "");
  if (missing.length > 0) throw new Error(`config.json lacks ${missing.join(", ")}`);
  const config = found as unknown as Config;
  const bare = (address: string) => address.replace(/\/+$/, "");
  return {
    config: {
      ...config,
      tiers: Array.isArray(found.tiers) ? found.tiers.map(String) : [],
      api: bare(config.api),
      sign_in: bare(config.sign_in),
    },
    servedAt: response.headers.get("date"),
  };
}
