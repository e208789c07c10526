/** Starts an app: reads where it is deployed, takes up the session, and shows it. */
import { QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { BrowserRouter } from "react-router";
import { createApi, createCache } from "./api/client";
import { setClock } from "./clock";
import { readConfig } from "./config";
import { useCommon } from "./i18n/common";
import { LanguageProvider } from "./i18n/i18n";
import { ShopProvider } from "./session/context";
import { Session } from "./session/session";
import { Guard } from "./ui/broken";
import { State } from "./ui/states";
import { showKeptTheme, ThemeProvider } from "./ui/theme";

const ZONE_UNTIL_KNOWN = "Asia/Shanghai";

/** Shows `app` in the page's root, once it is known where the API is and who has signed in. */
export async function start(app: ReactNode): Promise<void> {
  const element = document.getElementById("root");
  if (element === null) throw new Error("the page has no element with the id root");
  showKeptTheme();
  const root = createRoot(element);
  const around = (zone: string, inside: ReactNode) => (
    <StrictMode>
      <LanguageProvider zone={zone}>
        <ThemeProvider>
          <Guard>{inside}</Guard>
        </ThemeProvider>
      </LanguageProvider>
    </StrictMode>
  );
  let read: Awaited<ReturnType<typeof readConfig>>;
  try {
    read = await readConfig();
  } catch {
    root.render(around(ZONE_UNTIL_KNOWN, <Unset />));
    return;
  }
  const { config, servedAt } = read;
  setClock(servedAt);
  const session = new Session(config);
  if (!(await session.start())) return;
  const shop = { config, session, api: createApi(config, session) };
  root.render(
    around(
      config.zone,
      <QueryClientProvider client={createCache()}>
        <BrowserRouter>
          <ShopProvider shop={shop}>{app}</ShopProvider>
        </BrowserRouter>
      </QueryClientProvider>,
    ),
  );
}

function Unset() {
  const { session } = useCommon();
  return (
    <main>
      <State icon="warning" title={session.unset}>
        {session.unsetHere}
      </State>
    </main>
  );
}
