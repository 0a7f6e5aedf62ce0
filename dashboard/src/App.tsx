import { useEffect, useRef } from "preact/hooks";

import { Answer } from "./components/Answer.tsx";
import { Header } from "./components/Header.tsx";
import { Accounts } from "./pages/Accounts.tsx";
import { Incidents } from "./pages/Incidents.tsx";
import { Instruments } from "./pages/Instruments.tsx";
import { Overview } from "./pages/Overview.tsx";
import type { KeeperStore } from "./state/KeeperStore.ts";
import { useHash, useKeeper } from "./state/hooks.ts";

/** The pages, by the beginning of what follows `#`. */
const PAGES = [
  { hash: "#overview", title: "Overview" },
  { hash: "#incidents", title: "Incidents" },
  { hash: "#instruments", title: "Instruments" },
  { hash: "#accounts", title: "Accounts" },
] as const;

/** The whole page. */
export function App({ store }: { readonly store: KeeperStore }) {
  const view = useKeeper(store);
  const hash = useHash();
  const page = PAGES.find((candidate) => hash.startsWith(candidate.hash)) ?? PAGES[0];
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  const { status } = view;
  useEffect(() => {
    document.title = `${page.title} · ${status === null ? "Lockstep" : `${status.keeper.name} ${status.state}`}`;
  }, [page.title, status?.state, status?.keeper.name]);
  useEffect(() => {
    // Who changes the page with the keyboard goes on in it.
    if (!isFirst.current) main.current?.focus();
    isFirst.current = false;
  }, [page.hash]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        Skip to the content
      </a>
      <Header status={status} connection={view.connection}>
        <nav aria-label="Pages">
          <ul>
            {PAGES.map(({ hash: target, title }) => (
              <li key={target}>
                <a href={target} aria-current={target === page.hash ? "page" : undefined}>
                  {title}
                  {target === "#incidents" && status !== null && openCount(status.incidents) > 0 ? (
                    <span class="count">
                      {openCount(status.incidents)}
                      <span class="hidden"> open</span>
                    </span>
                  ) : null}
                </a>
              </li>
            ))}
          </ul>
        </nav>
      </Header>
      <main id="main" tabIndex={-1} ref={main}>
        <Answer view={view} />
        {status === null ? null : page.hash === "#overview" ? (
          <Overview store={store} view={view} status={status} />
        ) : page.hash === "#incidents" ? (
          <Incidents store={store} status={status} />
        ) : page.hash === "#instruments" ? (
          <Instruments store={store} view={view} />
        ) : (
          <Accounts store={store} view={view} hash={hash} />
        )}
      </main>
    </>
  );
}

function openCount(incidents: readonly { readonly state: string }[]): number {
  return incidents.filter(({ state }) => state !== "closed" && state !== "orphaned").length;
}
