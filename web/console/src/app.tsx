import { useCommon } from "@shared/i18n/common";
import { ProblemWords } from "@shared/i18n/problem-words";
import { useShop, useUser } from "@shared/session/context";
import { Badge, Notice } from "@shared/ui/bits";
import { Button, IconButton } from "@shared/ui/button";
import { Icon } from "@shared/ui/icon";
import { Settings } from "@shared/ui/settings";
import { Loading, NoRight, NotFound } from "@shared/ui/states";
import { Suspense, useEffect, useState } from "react";
import { NavLink, Route, Routes, useLocation } from "react-router";
import { useTexts } from "./messages/texts";
import { PAGES } from "./pages";
import { Anew } from "./parts/anew";
import { can } from "./rights";

/** With fewer seconds than these left, the next page is gone to by way of the hosted page, which nobody notices. */
const SECONDS_TO_WORK_MIN = 180;
/** But never so soon after having been there: a pool whose tokens hold for less would send the browser round and round. */
const SECONDS_HELD_MIN = 60;

export function App() {
  const { problems } = useTexts();
  return <ProblemWords value={problems}>{useUser() === null ? <Welcome /> : <Shell />}</ProblemWords>;
}

function Welcome() {
  const { session } = useShop();
  const { session: words } = useCommon();
  const texts = useTexts();
  return (
    <main className="welcome">
      <div className="card">
        <h1>{texts.welcome.title}</h1>
        <p className="soft">{texts.welcome.lead}</p>
        {session.problem !== null && <Notice tone="bad" head={words.problems[session.problem]} />}
        <Button look="primary" wide onPress={() => void session.signIn()}>
          {words.signIn}
        </Button>
      </div>
      <Settings />
    </main>
  );
}

function Shell() {
  const { session, config } = useShop();
  const user = useUser();
  const { ui, session: words } = useCommon();
  const texts = useTexts();
  const { pathname } = useLocation();
  const [open, setOpen] = useState(false);
  const seen = PAGES.filter((page) => page.hidden !== true && can(user, ...page.needs));

  // biome-ignore lint/correctness/useExhaustiveDependencies: it is about having gone to another page
  useEffect(() => {
    setOpen(false);
    if (session.secondsLeft < SECONDS_TO_WORK_MIN && session.secondsHeld > SECONDS_HELD_MIN)
      void session.signIn();
  }, [pathname, session]);

  return (
    <div className="console">
      <a className="skip" href="#content">
        {ui.skip}
      </a>
      <header className="bar">
        <IconButton label={ui.menu} aria-expanded={open} onPress={() => setOpen(!open)}>
          <Icon name="menu" />
        </IconButton>
        <strong>{texts.name}</strong>
        <Badge tone={config.stage === "prod" ? "bad" : "plain"}>{texts.stage(config.stage)}</Badge>
      </header>
      <nav className={open ? "side open" : "side"} aria-label={texts.nav}>
        <div className="brand">
          <strong>{texts.name}</strong>
          <Badge tone={config.stage === "prod" ? "bad" : "plain"}>{texts.stage(config.stage)}</Badge>
        </div>
        <ul>
          {seen.map((page) => (
            <li key={page.path}>
              <NavLink to={page.path} end={page.path === "/"}>
                <Icon name={page.icon} />
                {texts.pages[page.title]}
              </NavLink>
            </li>
          ))}
        </ul>
        <div className="foot">
          <span className="soft small-text">{user?.name}</span>
          <Settings />
          <Button small onPress={() => session.signOut()}>
            {words.signOut}
          </Button>
        </div>
      </nav>
      <main id="content" tabIndex={-1}>
        <Anew />
        <Suspense
          fallback={
            <>
              <h1 className="hidden">{texts.name}</h1>
              <Loading tall />
            </>
          }
        >
          <Routes>
            {PAGES.map((each) => (
              <Route
                key={each.path}
                path={each.path}
                element={can(user, ...each.needs) ? <each.page /> : <NoRight page />}
              />
            ))}
            <Route path="*" element={<NotFound />} />
          </Routes>
        </Suspense>
      </main>
    </div>
  );
}
