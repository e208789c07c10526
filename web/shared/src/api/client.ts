/** The API's client, typed by docs/openapi.json; every request that the pages send goes through it (K4). */
import { QueryClient } from "@tanstack/react-query";
import createFetchClient from "openapi-fetch";
import createQueryClient, { type OpenapiQueryClient } from "openapi-react-query";
import type { Config } from "../config";
import type { Session } from "../session/session";
import { Problem, pauseMilliseconds, problemOf, sendAgain } from "./problem";
import type { paths } from "./schema";

export type Api = OpenapiQueryClient<paths>;

const FRESH_MILLISECONDS = 5_000;

/** Makes the client: it signs requests with the session's token, and throws a `Problem` for what is no success. */
export function createApi(config: Config, session: Session): Api {
  const client = createFetchClient<paths>({ baseUrl: config.api });
  client.use({
    onRequest({ request }) {
      const token = session.token;
      if (token === null) {
        session.end();
        throw new Problem(401, "gateway_401");
      }
      request.headers.set("authorization", `Bearer ${token}`);
      return request;
    },
    async onResponse({ response }) {
      if (response.ok) return undefined;
      if (response.status === 401) session.end();
      throw await problemOf(response);
    },
  });
  return createQueryClient(client);
}

/** Makes the cache of answers. */
export function createCache(): QueryClient {
  const again = { retry: sendAgain, retryDelay: pauseMilliseconds };
  return new QueryClient({
    defaultOptions: {
      queries: { ...again, staleTime: FRESH_MILLISECONDS, refetchOnWindowFocus: true, networkMode: "always" },
      mutations: { ...again, networkMode: "always" },
    },
  });
}
